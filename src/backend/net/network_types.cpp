// SPDX-License-Identifier: Apache-2.0
#include "backend/net/network_types.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "backend/net/datagram_network.h"
#include "backend/net/stream_network.h"
#include "backend/net/tap_network.h"
#include "backend/net/user_network.h"
#include "base/nearest_name.h"
#include "state/options.h"

namespace kelvin::backend {

namespace {

using Made = Result<std::unique_ptr<NetworkPort>>;

constexpr i64 kNsPerMs = 1'000'000;

Made make_user(const state::Json& given, EventLoop& loop, const Clock& clock) {
    UserNetworkOptions options;
    KELVIN_TRY(state::read_options("-netdev user", given, options));
    return std::unique_ptr<NetworkPort>(KELVIN_TRY(UserNetwork::create(options, loop, clock)));
}

Made make_tap(const state::Json& given, EventLoop& loop, const Clock&) {
    TapOptions options;
    KELVIN_TRY(state::read_options("-netdev tap", given, options));
    return std::unique_ptr<NetworkPort>(KELVIN_TRY(TapNetwork::create(options, loop)));
}

struct StreamOptions {
    state::Json addr;
    bool server = false;
    u32 reconnect = 0;
    u32 reconnect_ms = 0;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("addr", addr,
              "addr.type=inet,addr.host=,addr.port= or addr.type=unix,addr.path= or addr.type=fd,addr.str=");
        visit("server", server, "waits for its peer");
        visit("reconnect", reconnect, "seconds after which a lost connection is made anew; 0: never");
        visit("reconnect-ms", reconnect_ms, "milliseconds, likewise");
    }
};

Made make_stream(const state::Json& given, EventLoop& loop, const Clock&) {
    StreamOptions options;
    KELVIN_TRY(state::read_options("-netdev stream", given, options));
    const i64 wait_ms = options.reconnect_ms != 0 ? options.reconnect_ms : i64{options.reconnect} * 1000;
    if (options.server && wait_ms != 0) {
        return user_error("stream: a server waits for its peer and does not connect", "leave out reconnect");
    }
    const SocketAddress address = KELVIN_TRY(SocketAddress::read("-netdev stream: addr", options.addr));
    return std::unique_ptr<NetworkPort>(
        KELVIN_TRY(StreamNetwork::create({address, options.server, wait_ms * kNsPerMs}, loop)));
}

struct DatagramOptions {
    std::optional<state::Json> local;
    std::optional<state::Json> remote;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("local", local, "where frames come: local.type=inet,local.host=,local.port=");
        visit("remote", remote, "where they go: remote.type=unix,remote.path=");
    }
};

Made make_datagram(const state::Json& given, EventLoop& loop, const Clock&) {
    DatagramOptions options;
    KELVIN_TRY(state::read_options("-netdev dgram", given, options));
    DatagramNetwork::Config config;
    if (options.local) {
        config.local = KELVIN_TRY(SocketAddress::read("-netdev dgram: local", *options.local));
    }
    if (options.remote) {
        config.remote = KELVIN_TRY(SocketAddress::read("-netdev dgram: remote", *options.remote));
    }
    return std::unique_ptr<NetworkPort>(KELVIN_TRY(DatagramNetwork::create(config, loop)));
}

struct SocketOptions {
    std::string fd;
    std::string listen;
    std::string connect;
    std::string mcast;
    std::string udp;
    std::string localaddr;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("fd", fd, "a connected descriptor");
        visit("listen", listen, "HOST:PORT where a peer connects to");
        visit("connect", connect, "HOST:PORT to connect to");
        visit("mcast", mcast, "GROUP:PORT, shared by all who join it");
        visit("udp", udp, "HOST:PORT that frames go to");
        visit("localaddr", localaddr, "HOST:PORT that they come to, or the interface's address of a group");
    }
};

Result<SocketAddress> descriptor(const std::string& number) {
    return SocketAddress::read("-netdev socket: fd", {{"type", "fd"}, {"str", number}});
}

Made make_socket(const state::Json& given, EventLoop& loop, const Clock&) {
    constexpr std::string_view kOwner = "-netdev socket";
    SocketOptions options;
    KELVIN_TRY(state::read_options(kOwner, given, options));
    const std::array<const std::string*, 5> ways = {&options.fd, &options.listen, &options.connect, &options.mcast,
                                                    &options.udp};
    if (std::ranges::count_if(ways, [](const std::string* way) { return !way->empty(); }) != 1) {
        return user_error("socket: exactly one of fd, listen, connect, mcast and udp is needed");
    }
    const bool is_datagram = !options.mcast.empty() || !options.udp.empty();
    if (is_datagram) {
        DatagramNetwork::Config config;
        config.remote = KELVIN_TRY(SocketAddress::parse(kOwner, options.mcast.empty() ? options.udp : options.mcast));
        if (!options.localaddr.empty()) {
            const std::string local = options.mcast.empty() ? options.localaddr : options.localaddr + ":0";
            config.local = KELVIN_TRY(SocketAddress::parse(kOwner, local));
        }
        return std::unique_ptr<NetworkPort>(KELVIN_TRY(DatagramNetwork::create(config, loop)));
    }
    const bool server = !options.listen.empty();
    const SocketAddress address =
        KELVIN_TRY(!options.fd.empty() ? descriptor(options.fd)
                                       : SocketAddress::parse(kOwner, server ? options.listen : options.connect));
    return std::unique_ptr<NetworkPort>(KELVIN_TRY(StreamNetwork::create({address, server, 0}, loop)));
}

constexpr auto kTypes = std::to_array<NetworkType>({
    {"user", "a network of its own behind the user's sockets: DHCP, DNS, TFTP, hostfwd=",
     &state::describe_options<UserNetworkOptions>, make_user},
    {"tap", "an interface of the host's: ifname= or fd=", &state::describe_options<TapOptions>, make_tap},
    {"stream", "frames over a connection: addr.type=, server=on", &state::describe_options<StreamOptions>, make_stream},
    {"dgram", "a frame a datagram: local.type=, remote.type=", &state::describe_options<DatagramOptions>,
     make_datagram},
    {"socket", "both in an older form: listen=, connect=, mcast=, udp=, fd=", &state::describe_options<SocketOptions>,
     make_socket},
});

}  // namespace

std::span<const NetworkType> network_types() {
    return kTypes;
}

Result<const NetworkType*> find_network_type(std::string_view name) {
    const auto found = std::ranges::find(kTypes, name, &NetworkType::name);
    if (found != kTypes.end()) {
        return &*found;
    }
    std::vector<std::string_view> known;
    for (const NetworkType& type : kTypes) {
        known.push_back(type.name);
    }
    return user_error(fmt::format("there is no network of type '{}'{}", name, did_you_mean(name, known)),
                      fmt::format("types are {}", fmt::join(known, ", ")));
}

}  // namespace kelvin::backend
