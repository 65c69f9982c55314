// SPDX-License-Identifier: Apache-2.0
// The host's ends of network cables, by the names that users gave them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/net/cable.h"
#include "backend/net/network_types.h"
#include "backend/net/packet_capture.h"
#include "backend/net/user_network.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "vm/machine_spec.h"

namespace kelvin::vm {

/// Used by the control loop's thread; what is there belongs to the I/O loop, which is called where needed.
class Networks {
  public:
    /// Both outlive this object.
    Networks(EventLoop& io, const Clock& clock) : io_(io), clock_(clock) {}
    ~Networks();
    Networks(const Networks&) = delete;
    Networks& operator=(const Networks&) = delete;

    Result<> add(const NetworkSpec& spec);
    /// Only one that no card is connected to.
    Result<> remove(std::string_view id);
    /// Every frame of network `id`, its first `longest` bytes, also goes to the file `path`. Before a card is
    /// connected.
    Result<> add_capture(std::string_view id, const std::string& path, u32 longest);

    /// Pulls the cable of network `id`, or plugs it in again; the card sees it.
    Result<> set_link(std::string_view id, bool up);
    /// The network that `owner` has; empty: none.
    std::string network_of(std::string_view owner) const;

    /// hostfwd rules of a user network that runs; the first one if `id` is empty.
    Result<> add_forward(std::string_view id, const std::string& rule);
    /// `rule` is the host's part: "tcp:127.0.0.1:2222".
    Result<> remove_forward(std::string_view id, const std::string& rule);

    /// I/O loop's thread. One device at a time has a cable.
    Result<backend::NetworkPort*> claim(std::string_view id, const std::string& owner);
    void release(const std::string& owner);

    /// Only those of `type`, if it is not empty.
    std::string describe(std::string_view type = {}) const;

  private:
    struct Entry {
        NetworkSpec spec;
        std::unique_ptr<backend::NetworkPort> port;
        std::unique_ptr<backend::Cable> cable;                          // in front of the port
        std::vector<std::unique_ptr<backend::PacketCapture>> captures;  // each in front of the one before
        std::string owner;                                              // empty: none
    };
    Result<Entry*> find(std::string_view id) const;
    Result<backend::UserNetwork*> find_user(std::string_view id) const;
    EventLoop& io_;
    const Clock& clock_;
    std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace kelvin::vm
