// SPDX-License-Identifier: Apache-2.0
// Between a device that speaks bytes (a UART, a virtio console) and the host's end of its line.
#pragma once

#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/types.h"

namespace kelvin::backend {

/// The device's side. Called from the back end's thread with none of the back end's locks held.
class CharacterReceiver {
  public:
    virtual ~CharacterReceiver() = default;

    /// How many bytes receive() would take now. After zero, the device calls accept_input() once it has room again.
    virtual size_t space() = 0;
    /// Bytes beyond space() are lost, as on a real line.
    virtual void receive(std::span<const u8> bytes) = 0;
    /// The line was held low for longer than a character.
    virtual void receive_break() {}
    /// A peer has connected, or is gone. A line that needs no peer may say that one has come, too.
    virtual void connected() {}
    virtual void disconnected() {}
    /// There is room for what write_some() has left.
    virtual void output_possible() {}
};

/// The host's side. Every method may be called from any thread; the device may hold its lock, so that no method calls
/// the receiver before it returns.
class CharacterBackend {
  public:
    virtual ~CharacterBackend() = default;

    /// Takes all of it: blocks if the host is slow, drops what a closed line cannot take.
    virtual void write(std::span<const u8> bytes) = 0;
    /// Takes as much from the beginning as goes without waiting: its size. The receiver is told when there is room for
    /// the rest. What a closed line cannot take counts as taken.
    virtual std::size_t write_some(std::span<const u8> bytes) {
        write(bytes);
        return bytes.size();
    }
    /// The receiver is told when a peer comes: until then there is none.
    virtual bool needs_peer() const { return false; }
    /// At most one; null to disconnect: after that return, the former receiver is not called any more.
    virtual void set_receiver(CharacterReceiver* receiver) = 0;
    /// The receiver has space again: ask it.
    virtual void accept_input() = 0;

    /// File descriptors that the peer has sent with what was received last. On the back end's thread.
    virtual std::vector<Fd> take_descriptors() { return {}; }
    /// The machine does not start before somebody has connected.
    virtual bool awaits_peer() const { return false; }
    /// As query-chardev shows it: "unix:/tmp/x,server=on".
    virtual std::string describe() const { return "null"; }

    /// Whether the guest has its end open: what query-chardev says.
    void set_front_open(bool open) { front_open_ = open; }
    bool front_open() const { return front_open_; }

  private:
    std::atomic<bool> front_open_ = false;
};

}  // namespace kelvin::backend
