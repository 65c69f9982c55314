// SPDX-License-Identifier: Apache-2.0
// hostfwd rules: a port of the host that leads to one of the guest; guestfwd rules: an address that the guest reaches.
#pragma once

#include <netinet/in.h>

#include <string>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::backend {

struct HostForward {
    bool udp = false;
    in_addr host{};
    u16 host_port = 0;
    in_addr guest{};  ///< 0: the guest's first address from DHCP
    u16 guest_port = 0;
};

/// "tcp:127.0.0.1:2222-:22"; protocol and addresses may be left out.
Result<HostForward> parse_host_forward(const std::string& text);
/// The host's part alone, which names a rule: "tcp:127.0.0.1:2222".
Result<HostForward> parse_host_end(const std::string& text);

struct GuestForward {
    in_addr address{};
    u16 port = 0;
    bool is_command = false;  ///< else a socket in the file system
    std::string target;       ///< what is run for each connection, with it as standard input and output; or the path
};

/// "tcp:10.0.2.100:80-cmd:COMMAND" or "tcp:10.0.2.100:80-unix:PATH".
Result<GuestForward> parse_guest_forward(const std::string& text);

}  // namespace kelvin::backend
