"""The command that starts a sandbox, and the environment inside."""

import json
import os
import sys
from pathlib import Path

from limits import Limits, user_for

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).resolve().with_name("sandbox_worker.py")


def environment(isolated: bool, token: str = "") -> dict[str, str]:
    """Return the environment of a submission: nothing of ours, and one thread for each process."""
    scratch = "/scratch" if isolated else "/tmp"
    return {
        "HOME": scratch,
        "TMPDIR": scratch,
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": "/library" if isolated else str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TQDM_DISABLE": "1",
        "PIP_RETRIES": "0",  # `!pip install` fails here: let it fail at once
        "LANG": "C.UTF-8",
        "GRADING_TOKEN": token,
    }


def command(limits: Limits, isolated: bool, number: int) -> list[str]:
    """Return the command of a worker; two that run at once have two numbers."""
    resources = limits.of_a_process()
    if not isolated:
        resources.pop("RLIMIT_NPROC")  # it would count all processes of this user
        # whom it answers, and with whom it is to end: bubblewrap sees to that in a sandbox
        return [sys.executable, str(WORKER), json.dumps(resources), str(os.getpid())]
    root = os.geteuid() == 0
    command = ["bwrap", "--die-with-parent", "--new-session"]
    command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try"] + ([] if root else ["--unshare-user"])
    command += ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            command += ["--ro-bind", str(path), str(path)]
    for path in dict.fromkeys(map(os.path.abspath, (sys.base_prefix, sys.prefix))):
        if not path.startswith("/usr"):
            for folder in reversed(Path(path).parents[:-1]):  # as root, they would be closed
                command += ["--perms", "0755", "--dir", str(folder)]
            command += ["--ro-bind", path, path]
    command += ["--perms", "0755", "--dir", "/library"]
    command += ["--ro-bind", str(ROOT / "gan_tutorial"), "/library/gan_tutorial"]
    command += ["--ro-bind", str(WORKER), "/library/sandbox_worker.py"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for folder in ("/dev/shm", "/scratch"):  # workers of a DataLoader pass batches in the first
        command += ["--perms", "1777", "--size", str(limits.scratch), "--tmpfs", folder]
    command += ["--chdir", "/scratch", "--remount-ro", "/dev", "--remount-ro", "/", "--"]
    if root:  # root is not bound by a number of processes: be nobody in particular
        user = str(user_for(number))
        command += ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
        command += ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"]
    return [
        *command,
        os.path.abspath(sys.executable),
        "/library/sandbox_worker.py",
        json.dumps(resources),
    ]
