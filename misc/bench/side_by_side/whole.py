# SPDX-License-Identifier: BSD-3-Clause
"""Whole programs: the same work done by a program of each side, and what that took."""
import json
import re
import subprocess
import tempfile
import time
from pathlib import Path

CONNECTIONS, ECHO_SECONDS = 1000, 2
PIPELINE = ["--connections", "64", "--queries", "20", "--writers", "8", "--rows", "40000"]


def one_round(programs, data, pattern, progress):
    for name, run in (("echo, 1,000 connections", echo), ("sqlite_pipeline", sqlite_pipeline)):
        if re.search(pattern, name):
            progress(name)
            run(name, programs, data)


def record(data, side, program, figures):
    kept = data["whole"].setdefault(side, {}).setdefault(program, {})
    for what, value in figures.items():
        kept.setdefault(what, []).append(value)


def echo(name, programs, data):
    for side, server, *how in (("gangway", "echo_gangway"), ("gangway, plain call", "echo_gangway", "call"),
                               ("go", "echo_go"), ("threads", "echo_threads")):
        if server in programs:
            try:
                record(data, side, name, asked([programs[server], *how], programs["echo_client"]))
            except (subprocess.SubprocessError, ValueError, OSError) as e:
                data["failures"].append(f"{side} {name}: {e}")


def asked(server, client):
    """What the client measures, and what the server needed: threads, and memory at most."""
    with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            port = running.stdout.readline().strip()
            asking = subprocess.Popen([client, port, str(CONNECTIONS), str(ECHO_SECONDS)], stdout=subprocess.PIPE)
            time.sleep(0.9 * ECHO_SECONDS)  # while all ask
            status = Path(f"/proc/{running.pid}/status").read_text()
            figures = json.loads(asking.communicate(timeout=60)[0])
            figures["threads"] = int(re.search(r"Threads:\s+(\d+)", status).group(1))
            figures["resident, MB"] = int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024
            return figures
        finally:
            running.kill()


def sqlite_pipeline(name, programs, data):
    with tempfile.TemporaryDirectory() as directory:
        db = Path(directory) / "sales.db"
        command = [programs[name], "--db", db, "--keep", *PIPELINE]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            data["failures"].append(f"{name}: exit {done.returncode}\n{done.stdout}{done.stderr}")
            return
        report = {key.strip(): values for key, values in
                  re.findall(r"^(rows/s|threads at most|elapsed|sum) +(.*)$", done.stdout, re.M)}
        for i, side in enumerate(("gangway", "threads")):
            column = re.findall(r"[0-9a-f.,]+(?: s)?", report["elapsed"])[i]
            record(data, side, name, {
                "seconds": float(column.removesuffix(" s")),
                "rows/s": int(report["rows/s"].split()[i].replace(",", "")),
                "threads": int(report["threads at most"].split()[i])})
        if name + "_go" in programs:
            in_go(name, [programs[name + "_go"], "--db", db, *PIPELINE], report["sum"].split()[0], data)


def in_go(name, command, wanted_sum, data):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        data["failures"].append(f"go {name}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return
    figures = json.loads(done.stdout)
    if figures.pop("sum") != wanted_sum:
        data["failures"].append(f"go {name}: its sum is not {wanted_sum}")
        return
    record(data, "go", name, figures)
