"""Set up `.venv` from pinned requirements files: `python3 .ci/venv.py requirements.txt [requirements-dev.txt]`.

Quick when there is nothing to do. Safe side by side (a lock) and after an interruption (the stamp is written last, and
an environment whose installation did not end is built anew). Written so that an old Python can parse it and say so.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

OLDEST_PYTHON = (3, 11)
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(TOP, ".venv")
UNFINISHED = os.path.join(VENV, ".unfinished")


def main(files):
    """Bring `.venv` to the state that the requirements files ask for."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(
            "Trunkline needs Python %s or newer; %s is Python %s.\n"
            "Name another one: make PYTHON=/path/to/python3.12 ..." % ("3.11", sys.executable, found)
        )
    if is_current(files):
        return
    with open(os.path.join(TOP, ".venv.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_current(files):  # another make did it while this one waited
            return
        if not is_usable():
            build()
        install(files)


def is_current(files):
    """Tell whether every file is installed as it now reads."""
    return is_usable() and all(read(stamp_of(name)) == wanted(name) for name in files)


def is_usable():
    """Tell whether `.venv` is whole: made here, by this version of Python, and no installation broke off in it."""
    return read(os.path.join(VENV, ".made-by")) == identity() and not os.path.exists(UNFINISHED)


def build():
    """Make an empty environment, in the place of a broken or foreign one."""
    say("Setting up .venv with %s" % sys.executable)
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.run([sys.executable, "-m", "venv", VENV], check=False).returncode:
        sys.exit("The lines above say what Python lacks; Debian and Ubuntu keep it in the package python3-venv.")
    write(os.path.join(VENV, ".made-by"), identity())


def install(files):
    """Install exactly what the files pin; a wheel that does not have one of their hashes is refused."""
    say("Installing %s" % " ".join(files))
    write(UNFINISHED, "")
    command = [os.path.join(VENV, "bin", "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    command += ["--no-input", "--root-user-action=ignore", "--only-binary=:all:", "--require-hashes"]
    command += ["--no-binary=flask-principal"]  # published as source only; plain Python, of Flask-Security
    command += ["--no-compile"]  # twilio has thousands of modules, of which a handful are ever imported
    for name in files:
        command += ["-r", os.path.join(TOP, name)]
    if subprocess.run(command, check=False).returncode:
        sys.exit("The packages could not be installed; the lines above say why. Run the same command to try again.")
    for name in files:
        write(stamp_of(name), wanted(name))
    os.remove(UNFINISHED)


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def identity():
    """Name what an environment is bound to: it cannot be moved, nor serve another Python."""
    return "%s %s %s" % (VENV, sys.version, os.path.realpath(sys.executable))


def stamp_of(name):
    return os.path.join(VENV, ".installed-" + name)


def wanted(name):
    with open(os.path.join(TOP, name), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
