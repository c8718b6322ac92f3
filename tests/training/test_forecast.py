from bridgelib.training.forecast import bytes_of_checkpoint, checkpoint_forecast


def test_bytes_are_weights_and_two_moments_and_targets_in_float32():
    assert bytes_of_checkpoint(21_000_000) == 252_000_000  # the users' ResNet-34: 255 MB
    assert bytes_of_checkpoint(100, target_parameters=40) == 4 * (300 + 40)


def test_forecast_counts_last_best_periodic_and_the_one_being_written():
    forecast = checkpoint_forecast(1000, num_steps=50_000, save_interval=50, keep_last=2, keep_every=None)
    assert forecast.count == 4
    assert forecast.total == 4 * 12_000 + 4_000
    forecast = checkpoint_forecast(1000, num_steps=50_000, save_interval=50, keep_last=2, keep_every=10_000)
    assert forecast.count == 9


def test_short_run_never_has_more_than_it_saves():
    assert checkpoint_forecast(10, num_steps=100, save_interval=200, keep_last=5, keep_every=None).count == 3
