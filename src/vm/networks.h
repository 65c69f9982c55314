// SPDX-License-Identifier: Apache-2.0
// The host's ends of network cables, by the names that users gave them.
#pragma once

#include <memory>
#include <string>
#include <vector>

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

    /// I/O loop's thread. One device at a time has a cable.
    Result<backend::NetworkPort*> claim(std::string_view id, const std::string& owner);
    void release(const std::string& owner);

    std::string describe() const;

  private:
    struct Entry {
        NetworkSpec spec;
        std::unique_ptr<backend::UserNetwork> port;
        std::string owner;  // empty: none
    };
    EventLoop& io_;
    const Clock& clock_;
    std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace kelvin::vm
