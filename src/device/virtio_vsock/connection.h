// SPDX-License-Identifier: Apache-2.0
// A connection of a socket device (virtio 1.2, 5.10.6): a unix socket of the host's, and what the driver knows of it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/fd.h"
#include "bus/virtio/chain.h"
#include "device/virtio_vsock/vsock_packet.h"

namespace kelvin::device::vsock {

/// Knows nothing of queues: takes what packets say, and gives the packets that the driver is to see. I/O loop's thread.
class Connection {
  public:
    /// Room for what the guest has sent and the host's program has not taken: what a guest makes the host keep of one
    /// connection (twice that, while it is moved).
    static constexpr u32 kRoom = u32{256} << 10;

    enum class Asker : u8 { guest, host };
    /// `socket` does not block. The one who has not asked is to agree.
    Connection(Ports ports, Fd socket, Asker asker);

    const Ports& ports() const { return ports_; }

    // What the driver says. False: it is none of what may be said now, or nobody is there any more; reset it.

    void note_credit(const Header& header);
    /// RESPONSE.
    bool agree();
    /// RW: `size` bytes of `chain` from `offset`.
    bool take_data(const bus::virtio::Chain& chain, u64 offset, u32 size);
    bool shut(u32 flags);
    void ask_credit() { owed_ |= kOweUpdate; }

    /// Nothing will come of it any more, either way: all that is left is to reset it.
    bool is_over() const { return guest_shut_ == kShutBoth && kept_size() == 0; }

    // What the driver is to be told.

    bool owes_packet() const { return owed_ != 0; }
    /// The next packet without data, but for its addresses.
    Header next_packet();
    /// One with the next `size` bytes of data.
    Header data_packet(u32 size);
    /// How many bytes the guest has room for.
    u32 credit() const;

    // The host's end.

    /// The guest has not agreed yet.
    bool is_asked() const { return state_ == State::asked; }
    /// Nothing more is read: the host's program has ended its output, or the guest wants none.
    bool is_input_over() const { return (host_shut_ & kShutSend) != 0 || (guest_shut_ & kShutReceive) != 0; }
    /// The driver has seen it.
    bool is_known() const { return (owed_ & kOweRequest) == 0; }
    int descriptor() const { return socket_.get(); }
    /// For poll(); none: nothing is waited for. `has_buffers`: there is somewhere to put input.
    std::optional<short> wanted_events(bool has_buffers) const;
    /// Gives the host's program what it has room for now.
    void flush();
    /// Bytes that can be read now, as many as the guest has room for. None also when there will be no more: the driver
    /// is told.
    u32 input(bool hung_up);
    /// Into `pieces`, which have room for what input() has promised: how many came.
    u32 read(std::span<const iovec> pieces);
    /// The host's program is gone, and nothing of it is left to read.
    void hang_up() { host_shut(kShutBoth); }

  private:
    enum class State : u8 {
        asked,  ///< the host has asked
        open,
    };
    // What is owed to the driver, in the order in which it gets it:
    static constexpr u8 kOweRequest = 1;
    static constexpr u8 kOweResponse = 2;
    static constexpr u8 kOweUpdate = 4;
    static constexpr u8 kOweQuestion = 8;
    static constexpr u8 kOweShutdown = 16;

    Header packet(u16 op);
    std::size_t kept_size() const { return kept_.size() - kept_begin_; }
    void keep(const bus::virtio::Chain& chain, u64 offset, u32 size);
    void forwarded(std::size_t count);
    void host_shut(u32 flags);
    void pass_on_shutdown();

    Ports ports_;
    Fd socket_;
    State state_;
    u8 owed_ = 0;
    u32 guest_shut_ = 0;  // flags that the guest has sent
    u32 host_shut_ = 0;   // flags that the guest is to know
    bool write_shut_ = false;

    std::vector<u8> kept_;  // from kept_begin_ on: not taken by the host's program yet
    std::size_t kept_begin_ = 0;
    u32 received_ = 0;         // bytes of the guest's, modulo 2^32, as all that follow
    u32 forwarded_ = 0;        // of them, what the host's program has
    u32 told_forwarded_ = 0;   // what the guest knows of that
    u32 sent_ = 0;             // bytes to the guest
    u32 guest_room_ = 0;       // buf_alloc
    u32 guest_forwarded_ = 0;  // fwd_cnt
    std::vector<iovec> pieces_;
};

}  // namespace kelvin::device::vsock
