# SPDX-License-Identifier: BSD-3-Clause
"""The programs that are run beside each other: what they need, and how they are built."""
import os
import shutil
import subprocess
import sys

LABELS = {"gangway": "Gangway", "go": "Go", "boost": "Boost.Fiber", "threads": "threads"}


def say(text):
    print(f"compare: {text}", flush=True)


def install(root):
    """What cannot be installed is missing later, and said then."""
    done = subprocess.run([root / "misc" / "install-deps", "compare"])
    if done.returncode != 0:
        say("goes on with what is there")


def quietly(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"compare: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def has_target(build, target):
    listed = subprocess.run(["cmake", "--build", build, "--target", "help"], capture_output=True, text=True).stdout
    return any(line.split(":")[0].strip() == target for line in listed.splitlines())


def go():
    """The Go to build with; None: there is none."""
    return shutil.which(os.environ.get("GO", "go"))


def version(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        return ""


def build(root, directory, without):
    """What is there to run: {"bench": {side: [program]}, "whole": {name: program}, "versions": [text]}."""
    say("builds")
    if not (directory / "CMakeCache.txt").exists():
        quietly("cmake", "-S", root, "-B", directory, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                "-DGANGWAY_BUILD_TESTS=OFF", "-DGANGWAY_BUILD_EXAMPLES=ON")
    else:
        quietly("cmake", "-B", directory, "-DGANGWAY_BUILD_BENCH=ON", "-DGANGWAY_BUILD_EXAMPLES=ON")
    targets = ["gangway_bench", "gangway_scale", "threads_bench", "sqlite_pipeline", "echo_client", "echo_gangway",
               "echo_threads"]
    boost = "boost" not in without and has_target(directory, "boost_fiber_bench")
    quietly("cmake", "--build", directory, "--target", *targets, *(["boost_fiber_bench"] if boost else []))
    made = directory / "misc" / "bench"
    bench = {"gangway": [made / "gangway_bench", made / "gangway_scale"]}
    whole = {name: made / name for name in ("echo_client", "echo_gangway", "echo_threads")}
    whole["sqlite_pipeline"] = directory / "misc" / "examples" / "sqlite_pipeline" / "sqlite_pipeline"
    versions = [version(compiler(directory), "--version")]
    if "go" not in without:
        if go():
            bench["go"] = [made / "go_bench"]
            for name, source in (("go_bench", "go"), ("echo_go", "go_echo"), ("sqlite_pipeline_go", "go_sqlite")):
                quietly(go(), "build", "-o", made / name, ".", cwd=root / "misc" / "bench" / source)
                whole[name] = made / name
            versions.append(version(go(), "version").removeprefix("go version ").replace("go", "Go ", 1))
        else:
            say("no Go here (Debian: golang-go), so it is left out")
    if boost:
        bench["boost"] = [made / "boost_fiber_bench"]
        versions.append("Boost " + version("dpkg-query", "-W", "-f", "${Version}\n", "libboost-fiber-dev"))
    elif "boost" not in without:
        say("no Boost.Fiber here (Debian: libboost-fiber-dev), so it is left out")
    if "threads" not in without:
        bench["threads"] = [made / "threads_bench"]
    versions.append("libffi " + version("pkg-config", "--modversion", "libffi"))
    return {"bench": bench, "whole": whole, "versions": versions}


def compiler(directory):
    for line in (directory / "CMakeCache.txt").read_text().splitlines():
        if line.startswith("CMAKE_CXX_COMPILER:"):
            return line.split("=", 1)[1]
    return "c++"
