"""Everything the doctor knows: what can be wrong, why that matters, and the command that cures it.

Checks (`bridgelib/doctor/checks/`) look for these troubles in advance, signatures (`signatures.py`) recognise them in
the log of a failed job; both take the cure from here. `docs/doctor.md` is made from this table.

Fields in braces are filled in when a cure is shown: {config} repeats the user's own `--config …`, {set} begins one to
which more is added, {rebuild} remakes the training environment from its lock, {install} installs into it; the others
come with a finding.
"""

from dataclasses import dataclass

FAMILIES = {
    "packages": "Packages of the training environment",
    "libraries": "CUDA libraries and compilers",
    "gpus": "GPUs and their driver",
    "resources": "Disk, memory and limits of this host",
    "data": "Raw demonstrations and TFRecords",
    "settings": "Settings of the workflow",
    "jobs": "What only a failed job shows",
}


@dataclass(frozen=True)
class Trouble:
    """Something that can be wrong.

    Attributes:
        id: Its name, unique.
        family: A key of FAMILIES.
        title: What is looked at, in a few words.
        why: Why it matters, in one sentence.
        cure: The command, or the one change, that cures it.
    """

    id: str
    family: str
    title: str
    why: str
    cure: str


_PACKAGES = {
    "environment": (
        "the training environment is built and starts",
        "Training runs in an environment of its own; until it is built nothing in it can be looked at.",
        "snakemake environments{config}",
    ),
    "lock": (
        "what is installed is what the lock says",
        "Only the locked versions have been tested together; whatever was installed by hand on top changes results.",
        "{rebuild}",
    ),
    "origin": (
        "Python packages come from this environment",
        "A second copy of JAX found first (PYTHONPATH, user site) is used silently, with other versions.",
        "unset PYTHONPATH; export PYTHONNOUSERSITE=1",
    ),
    "requirements": (
        "installed packages fit each other",
        "A package that gets an older partner than it asks for fails at import, or later.",
        "{install} '{requirement}'",
    ),
    "ml-dtypes": (
        "ml_dtypes has the types that tensorstore and JAX use",
        "tensorstore cannot be imported without float8_e3m4; the checkpoints of Flax and Orbax import it.",
        "{install} 'ml-dtypes>=0.5.0'",
    ),
    "tfp": (
        "TensorFlow Probability fits TensorFlow",
        "It compares its functions with TensorFlow's at import and stops with 'Arg specs do not match'.",
        "{install} 'tensorflow-probability=={version}'",
    ),
    "scipy": (
        "SciPy fits JAX",
        "SciPy 1.13 removed scipy.linalg.tril, which older JAX uses at import.",
        "{install} 'scipy>=1.10,<1.12'",
    ),
    "numpy": (
        "NumPy fits jaxlib",
        "A jaxlib compiled for NumPy 1 crashes when imported with NumPy 2.",
        "{install} 'numpy<2'",
    ),
    "jax": (
        "jax, jaxlib and the CUDA plugin are of one version",
        "A plugin of another version than jaxlib is left out silently, and training runs on the CPU.",
        "{install} 'jax[{flavour}]=={version}'",
    ),
    "tensorflow": (
        "no TensorFlow beside JAX on the GPU",
        "TensorFlow takes all GPU memory when it starts, and brings CUDA libraries of its own.",
        "{python} -m uv pip uninstall --python {environment}/bin/python tensorflow",
    ),
    "proprio": (
        "the code that joins images and proprio flattens it",
        "An old jaxrl_m joins (B, F) with (B, 1, P) and fails; this project's own code flattens to (B, T*P).",
        "git pull, in this repository; {python} -m uv pip uninstall --python {environment}/bin/python jaxrl_m",
    ),
}

_LIBRARIES = {
    "cuda-packages": (
        "the CUDA packages that JAX asks for are there",
        "Where one is missing, JAX takes the system's library or falls back to the CPU.",
        "{rebuild}",
    ),
    "cuda-origin": (
        "each CUDA library loads from the environment's own packages",
        "LD_LIBRARY_PATH, a run path or the system's cache can put another version in front: errors or wrong results.",
        "snakemake train_all {set} cuda_libs=pip",
    ),
    "nvjitlink": (
        "nvJitLink is as new as cuSPARSE and cuSOLVER ask",
        "They fail with an undefined symbol __nvJitLink…, and JAX falls back to the CPU.",
        "{install} 'nvidia-nvjitlink-cu12==12.9.*'",
    ),
    "cudnn": (
        "cuDNN is of the version that jaxlib was built for",
        "Another major version is not found at all; an older one ends in 'DNN library initialization failed'.",
        "{install} '{requirement}'",
    ),
    "libcuda": (
        "libcuda.so.1 is the driver's own",
        "A stub or an old compatibility copy found first hides the real driver: 'CUDA_ERROR_STUB_LIBRARY', no devices.",
        "unset LD_LIBRARY_PATH",
    ),
    "nvcc": (
        "nvcc and ptxas are 12.6.85 or newer",
        "Older ones silently miscompile clamped gathers: training runs, and its numbers are wrong.",
        "{install} 'nvidia-cuda-nvcc-cu12>=12.6.85'",
    ),
    "ptxas": (
        "the ptxas that is used is not newer than the driver, nor another one than the environment's",
        "A compiler newer than the driver makes code the driver cannot link; XLA then compiles slowly, or fails.",
        "install an NVIDIA driver for CUDA {release} or newer; until then: snakemake train_all {set} "
        "xla_flags=--xla_gpu_force_compilation_parallelism=1",
    ),
    "nvlink": (
        "nvlink is as new as the ptxas it works with",
        "'nvlink fatal: Input file newer than toolkit': a system nvlink is used with a newer compiler.",
        "set `xla_flags: --xla_gpu_force_compilation_parallelism=1` in the experiments file, or: "
        "{install} 'nvidia-nvjitlink-cu12==12.9.*'",
    ),
    "xla-flags": (
        "every flag in XLA_FLAGS is one that this XLA knows",
        "XLA ends the whole process at an unknown flag, before anything is computed.",
        "correct `xla_flags` in the machine profile or the experiments file, and: unset XLA_FLAGS",
    ),
}

_GPUS = {
    "driver": (
        "the NVIDIA driver answers",
        "Without it JAX finds no GPU and refuses to train, or trains on the CPU.",
        "nvidia-smi   # if it fails: restart the machine, or have the driver installed anew",
    ),
    "driver-toolkit": (
        "the driver is new enough for the environment's CUDA",
        "CUDA 12 needs driver 525 or newer, CUDA 13 needs 580; with an older one no kernel starts.",
        "snakemake train_all {set} environment={flavour}",
    ),
    "compute-capability": (
        "jaxlib has code for these GPUs",
        "An old jaxlib cannot run on newer GPUs (Blackwell), and CUDA 13 no longer runs on those before Turing.",
        "snakemake train_all {set} environment={flavour}",
    ),
    "gpu-choice": (
        "the GPUs that jobs may take are there",
        "A training waits for ever, or is refused, when it may take no GPU that exists.",
        "snakemake train_all {set} gpus={gpus}",
    ),
    "gpu-memory": (
        "GPU memory is free",
        "'DNN library initialization failed' usually means that the GPU was full, of another process or of JAX itself.",
        "snakemake train_all {set} gpus={gpus}",
    ),
    "gpu-processes": (
        "no other process computes on these GPUs",
        "Leases keep jobs of this workflow apart, but know nothing of other programs.",
        "ps -o user,pid,etime,args -p {pids}",
    ),
}

_RESOURCES = {
    "disk": (
        "the disk holds what the workflow will write",
        "A full disk ends conversions and trainings in the middle of the night.",
        "free space in {folder}, or name another folder: snakemake {set} {key}=/another/disk",
    ),
    "inodes": (
        "the disk has room for more files",
        "'No space left on device' also means: no file names (inodes) left, though gigabytes are free.",
        "df -i {folder}   # then remove folders of many small files",
    ),
    "memory": (
        "memory is enough for the jobs that run at once",
        "The kernel kills the largest job when memory runs out, without a word in its log (exit 137).",
        "snakemake --cores {cores}{config}   # so that fewer jobs run at once",
    ),
    "shm": (
        "/dev/shm has room",
        "Communication between GPUs goes through shared memory; a container's 64 MB end in 'Bus error'.",
        "sudo mount -o remount,size=8G /dev/shm   # in a container: docker run --shm-size=8g",
    ),
    "open-files": (
        "enough files may be open at once",
        "Reading many TFRecords and shards ends in 'Too many open files'.",
        "ulimit -n 65536",
    ),
    "writable": (
        "the folders for results can be written",
        "A job that cannot write its result fails at its very end.",
        "sudo chown -R $USER {folder}   # or name another: snakemake {set} {key}=/a/folder/of/yours",
    ),
    "file-locks": (
        "files can be locked there",
        "Runs and GPU leases are guarded by file locks; without them two jobs write one run.",
        "mount the file system with locks (NFS: without `nolock`), or: snakemake {set} runs=/a/local/disk",
    ),
    "processor": (
        "the processor has what jaxlib was compiled for",
        "Without AVX the process ends with 'Illegal instruction'.",
        "run it on another host, or install a jaxlib compiled there",
    ),
}

_DATA = {
    "raw-layout": (
        "raw demonstrations lie below the raw root",
        "Everything starts from `<raw>/<task>/<date>/raw/traj_group*/traj*`; other downloads only look alike.",
        "snakemake {set} raw=/where/the/raw/data/lies",
    ),
    "raw-depth": (
        "the depth is right",
        "With a wrong depth tasks are not found, or dated folders are taken for tasks.",
        "snakemake {set} depth={depth}",
    ),
    "raw-content": (
        "a trajectory holds pictures, states and actions",
        "Some downloads hold pictures only; nothing can be trained without actions.",
        "download the raw demonstrations that contain obs_dict.pkl and policy_out.pkl in each trajectory",
    ),
    "language": (
        "trajectories have instructions, where an algorithm learns from them",
        "lc_bc learns nothing from trajectories without lang.txt, and is refused where there is none.",
        "add lang.txt files, remove <numpy>/<task>/*.npz and <tfrecord>/<task>/report.json, run again, or: "
        "snakemake {set} experiments=FILE   # without lc_bc",
    ),
    "tfrecords": (
        "TFRecords are whole, and this workflow's own",
        "Those of the predecessor would be replaced; an empty or cut file holds fewer trajectories than it says.",
        "snakemake tfrecords {set} tfrecord=/a/new/folder",
    ),
}

_SETTINGS = {
    "settings": (
        "profile, datasets and experiments can be used",
        "Nothing starts while a setting is refused.",
        "correct the setting; `snakemake -n{config}` says it again",
    ),
    "batch": (
        "the devices divide the batch",
        "A batch is split evenly over the GPUs of a run.",
        "set `train_batch_size: {size}` in the experiments file",
    ),
    "wandb": (
        "Weights & Biases is logged in, or not wanted online",
        "Without a login runs are only kept offline; nothing is lost, metrics.jsonl has every number.",
        "{environment}/bin/wandb login   # or: snakemake train_all {set} wandb=offline",
    ),
    "locked": (
        "no lock was left in the working directory",
        "After a kill the lock stays, and every later call is refused with 'Directory cannot be locked'.",
        "snakemake --unlock{config}",
    ),
    "interpreter": (
        "Snakemake's Python can build the environments",
        "Environments are made with this Python and uv from locks made for Python 3.11.",
        "rm -rf .venv && make setup PYTHON=python3.11",
    ),
    "launcher-variables": (
        "no inherited variable overrides how jobs start",
        "What is set in the shell reaches every job: preloaded libraries, memory fractions, XLA flags.",
        "unset {variables}",
    ),
}

_JOBS = {
    "killed": (
        "the job was killed",
        "Exit 137 without a message: usually the kernel killed the job because memory ran out, or a queue's limit.",
        "free -g; sudo dmesg | grep -i 'killed process'   # then fewer at once: snakemake --cores 4{config}",
    ),
    "gpu-out-of-memory": (
        "a GPU ran out of memory",
        "Batch, network and whatever else is on the GPU do not fit together.",
        "nvidia-smi   # if others are there: snakemake train_all {set} gpus=NUMBER; else halve `train_batch_size`",
    ),
    "gpu-failed": (
        "a GPU failed",
        "Its memory has errors that cannot be corrected, or it no longer answers. The program is not the reason.",
        "nvidia-smi -q -d ECC; sudo nvidia-smi --gpu-reset -i NUMBER   # or restart; until then: gpus=OTHERS",
    ),
    "gpu-kernel": (
        "a computation on a GPU failed",
        "Seldom the program itself: a compiler or cuDNN that miscompiles, too little memory, or a GPU that fails.",
        "snakemake doctor{config}   # and the same command again; if it repeats on one GPU only: gpus=OTHERS",
    ),
    "fabric-manager": (
        "NVIDIA's fabric manager does not run",
        "GPUs that are joined by NVSwitch (HGX, DGX) stay closed without it, though nvidia-smi shows them.",
        "sudo systemctl enable --now nvidia-fabricmanager   # of exactly the driver's version",
    ),
    "communication": (
        "GPUs, or processes of one training, did not reach each other",
        "NCCL needs room in /dev/shm and ways between the GPUs; processes of several hosts need their network.",
        "NCCL_DEBUG=INFO, and the same command again: the log says why; or set `cuda_visible_devices` to one GPU",
    ),
    "crashed": (
        "native code crashed",
        "A segmentation fault or abort comes from libraries that do not fit each other, rarely from data.",
        "snakemake doctor{config}; {rebuild}",
    ),
    "interrupted": (
        "the job was interrupted",
        "Ctrl-C, a queue's time limit or a shutdown: trainings saved their state and go on from there.",
        "the same command again",
    ),
    "threads": (
        "no more threads or processes could be started",
        "A user's limit is reached, often by another program of the same user, or a container's.",
        "ulimit -u; ps -u $USER -L | wc -l   # then fewer jobs at once: snakemake --cores 4{config}",
    ),
    "system-libraries": (
        "the system's C or C++ library is too old for a package",
        "An older one is put in front (conda's folder in LD_LIBRARY_PATH), or the system is too old for the wheels.",
        "unset LD_LIBRARY_PATH   # where GLIBC itself is too old: another host, or a container",
    ),
    "slurm-refused": (
        "SLURM refused a job",
        "Partition, account, time, memory or GPUs are not what this cluster has or you may use.",
        "correct the lines marked CHANGE in profiles/slurm/config.yaml; sinfo -o '%P %l %c %m %G' lists what there is",
    ),
    "late-file": (
        "a file came late, or not at all",
        "What a node has written may be seen on another host only after a while.",
        "snakemake --latency-wait 120{config}",
    ),
    "certificate": (
        "a download was not trusted",
        "A proxy that looks into connections shows a certificate of its own, which only the system knows.",
        "export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt; snakemake environments{config}",
    ),
    "network": (
        "a download failed",
        "Environments are downloaded once; behind a proxy uv needs HTTPS_PROXY.",
        "export HTTPS_PROXY=http://PROXY:PORT; snakemake environments{config}",
    ),
    "wheel": (
        "a wheel is on no package index",
        "JAX's old CUDA wheel, which the users' older stack needs, lies on a page of its own.",
        "UV_FIND_LINKS=PAGE snakemake environments{config}   # the page is named in envs/seed-cuda12.wheels",
    ),
    "hashes": (
        "a download is not what the lock says",
        "A mirror or proxy served another file than the one that was tested.",
        "{python} -m uv cache clean; snakemake environments{config}",
    ),
    "damaged": (
        "an input file is damaged",
        "A file cut off by a full disk or a lost connection cannot be used; it is made again from what is before it.",
        "rm FILE   # the one named in the log; then the same command again",
    ),
    "says-itself": (
        "the program said itself what to do",
        "A setting or the data was refused; the log names where, what was given and what is allowed.",
        "{said}",
    ),
    "old-code": (
        "a file of the environment is missing",
        "A package that a program imports is not in its environment: it was built from another lock, or not at all.",
        "{rebuild}",
    ),
}

TROUBLES: dict[str, Trouble] = {
    id: Trouble(id, family, *texts)
    for family, entries in zip(
        FAMILIES, (_PACKAGES, _LIBRARIES, _GPUS, _RESOURCES, _DATA, _SETTINGS, _JOBS), strict=True
    )
    for id, texts in entries.items()
}
