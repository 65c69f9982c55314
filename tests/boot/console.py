# SPDX-License-Identifier: Apache-2.0
"""A machine emulator on a terminal of its own, typed to and read from like a person would."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time


class ConsoleError(Exception):
    """The emulator did not do what was waited for; the message ends with what it printed last."""


def control_terminal():
    """The new session's terminal is its own, as in a terminal window; without that an emulator would leave it alone."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Console:
    """Starts `command` on a new terminal. All waiting ends at one deadline, `seconds` from the start."""

    def __init__(self, command, seconds):
        self.output = b""
        self.seen = 0  # what wait_for has gone past
        self.deadline = time.monotonic() + seconds
        self.terminal, child = pty.openpty()
        try:
            self.process = subprocess.Popen(
                command, stdin=child, stdout=child, stderr=child, start_new_session=True, preexec_fn=control_terminal
            )
        finally:
            os.close(child)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.terminal)

    def fail(self, reason):
        raise ConsoleError(f"{reason}\n--- the console's last lines\n{self.text()[-4000:]}")

    def text(self):
        return self.output.decode(errors="replace").replace("\r", "")

    def read_some(self):
        """Reads what has come; False when the emulator has closed the terminal."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0 or not select.select([self.terminal], [], [], remaining)[0]:
            self.fail("timed out")
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # EIO: nobody has the terminal open any more
            return False
        self.output += data
        return bool(data)

    def wait_for(self, pattern):
        """Waits for a regular expression in what comes after the last match; returns the match."""
        expression = re.compile(pattern.encode())
        while True:
            match = expression.search(self.output, self.seen)
            if match:
                self.seen = match.end()
                return match
            if not self.read_some():
                self.process.wait()
                self.fail(f"ended with {self.process.returncode} before printing {pattern!r}")

    def type(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.terminal, data) :]

    def monitor(self, command, answer=""):
        """Gives the monitor a command that answers with a line in which `answer` is, and comes back."""
        self.type("\x01c")
        self.wait_for(r"\(qemu\) ")
        self.type(command + "\n")
        self.wait_for(answer + r"[^\n]*\n[^\n]*\(qemu\) ")
        self.type("\x01c")

    def wait_for_end(self):
        """Waits until the emulator has ended; returns its exit status."""
        while self.read_some():
            pass
        try:
            return self.process.wait(max(1, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.fail("closed its terminal but did not end")
