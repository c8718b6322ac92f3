"""The yardstick of the conversion benchmark: decode and resize every camera of every trajectory, in one thread.

That is what the predecessor does with each trajectory, of which it then keeps one camera. Arguments: raw root, size.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image


def main():
    raw, size = Path(sys.argv[1]), int(sys.argv[2])
    for trajectory in sorted(raw.glob("*/*/raw/traj_group*/traj*")):
        frames = []
        for camera in sorted(trajectory.glob("images*")):
            for number in range(len(list(camera.glob("im_*.jpg")))):
                image = Image.open(camera / f"im_{number}.jpg").resize((size, size), Image.Resampling.LANCZOS)
                frames.append(np.asarray(image).astype(np.uint8))


if __name__ == "__main__":
    main()
