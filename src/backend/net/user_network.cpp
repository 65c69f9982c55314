// SPDX-License-Identifier: Apache-2.0
#include "backend/net/user_network.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <slirp/libslirp.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "backend/net/checksum.h"

namespace kelvin::backend {

namespace {

constexpr i64 kNsPerMs = 1'000'000;
/// Nothing of libslirp's has to be looked at more often while nothing comes.
constexpr u32 kLongestWaitMs = 60'000;

Result<in_addr> parse_address(const std::string& text, const char* what) {
    in_addr address{};
    if (::inet_pton(AF_INET, text.c_str(), &address) != 1) {
        return user_error(fmt::format("{} '{}' is no IPv4 address", what, text), "it looks like 10.0.2.2");
    }
    return address;
}

struct Network {
    u32 base = 0;
    u32 mask = 0;
    /// The address with `number` in it.
    in_addr at(u32 number) const { return {htonl(base | (number & ~mask))}; }
};

/// "10.0.2.0/24".
Result<Network> parse_network(const std::string& text) {
    const std::size_t slash = text.find('/');
    const in_addr base = KELVIN_TRY(parse_address(text.substr(0, slash), "net"));
    unsigned bits = 24;
    if (slash != std::string::npos) {
        const char* const end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data() + slash + 1, end, bits);
        if (parsed.ec != std::errc() || parsed.ptr != end || bits < 4 || bits > 28) {
            return user_error(fmt::format("net '{}' is no network", text), "it looks like 10.0.2.0/24; 4 to 28 bits");
        }
    }
    const u32 mask = ~u32{0} << (32 - bits);
    return Network{ntohl(base.s_addr) & mask, mask};
}

Result<in6_addr> parse_address6(const std::string& text, const char* what) {
    in6_addr address{};
    if (::inet_pton(AF_INET6, text.c_str(), &address) != 1) {
        return user_error(fmt::format("{} '{}' is no IPv6 address", what, text), "it looks like fec0::2");
    }
    return address;
}

Result<> configure_ipv6(const UserNetworkOptions& options, SlirpConfig& config) {
    config.vprefix_addr6 = KELVIN_TRY(parse_address6(options.ipv6_prefix, "ipv6-prefix"));
    // Addresses of guests are made of 64 bits more.
    if (options.ipv6_prefixlen > 64) {
        return user_error(fmt::format("ipv6-prefixlen={} is more than 64", options.ipv6_prefixlen));
    }
    config.vprefix_len = options.ipv6_prefixlen;
    const auto inside = [&](u8 number) {
        in6_addr address = config.vprefix_addr6;
        address.s6_addr[15] = number;
        return address;
    };
    config.vhost6 = options.ipv6_host.empty() ? inside(2) : KELVIN_TRY(parse_address6(options.ipv6_host, "ipv6-host"));
    config.vnameserver6 =
        options.ipv6_dns.empty() ? inside(3) : KELVIN_TRY(parse_address6(options.ipv6_dns, "ipv6-dns"));
    return ok();
}

const char* text_or_null(const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
}

short poll_events(int slirp_events) {
    int events = 0;
    events |= (slirp_events & SLIRP_POLL_IN) != 0 ? POLLIN : 0;
    events |= (slirp_events & SLIRP_POLL_OUT) != 0 ? POLLOUT : 0;
    events |= (slirp_events & SLIRP_POLL_PRI) != 0 ? POLLPRI : 0;
    return static_cast<short>(events);
}

int slirp_events(short events) {
    int result = 0;
    result |= (events & POLLIN) != 0 ? SLIRP_POLL_IN : 0;
    result |= (events & POLLOUT) != 0 ? SLIRP_POLL_OUT : 0;
    result |= (events & POLLPRI) != 0 ? SLIRP_POLL_PRI : 0;
    result |= (events & POLLERR) != 0 ? SLIRP_POLL_ERR : 0;
    result |= (events & POLLHUP) != 0 ? SLIRP_POLL_HUP : 0;
    return result;
}

}  // namespace

struct UserNetwork::Timer {
    EventLoop& loop;
    SlirpTimerCb callback;
    void* context;
    void fire() { callback(context); }
};

/// What libslirp calls; `opaque` is the network.
struct UserNetwork::Callbacks {
    static ssize_t send_packet(const void* frame, std::size_t size, void* opaque) {
        static_cast<UserNetwork*>(opaque)->deliver({static_cast<const u8*>(frame), size});
        return static_cast<ssize_t>(size);
    }
    static void guest_error(const char*, void*) {}
    static i64 clock_get_ns(void* opaque) { return static_cast<UserNetwork*>(opaque)->clock_.now_ns(); }
    static void* timer_new(SlirpTimerCb callback, void* context, void* opaque) {
        return new Timer{static_cast<UserNetwork*>(opaque)->loop_, callback, context};
    }
    static void timer_free(void* timer, void*) {
        auto* const ours = static_cast<Timer*>(timer);
        ours->loop.cancel(ours);
        delete ours;
    }
    static void timer_mod(void* timer, i64 expire_ms, void* opaque) {
        auto* const ours = static_cast<Timer*>(timer);
        const i64 now = static_cast<UserNetwork*>(opaque)->clock_.now_ns();
        ours->loop.cancel(ours);
        ours->loop.post(call_method<&Timer::fire, Timer>, ours, std::max<i64>(expire_ms * kNsPerMs - now, 0));
    }
    static void register_poll_fd(int, void*) {}
    static void unregister_poll_fd(int, void*) {}
    static void notify(void*) {}
    static const SlirpCb kTable;
};

const SlirpCb UserNetwork::Callbacks::kTable = {.send_packet = send_packet,
                                                .guest_error = guest_error,
                                                .clock_get_ns = clock_get_ns,
                                                .timer_new = timer_new,
                                                .timer_free = timer_free,
                                                .timer_mod = timer_mod,
                                                .register_poll_fd = register_poll_fd,
                                                .unregister_poll_fd = unregister_poll_fd,
                                                .notify = notify,
                                                .init_completed = nullptr,
                                                .timer_new_opaque = nullptr};

Result<std::unique_ptr<UserNetwork>> UserNetwork::create(const UserNetworkOptions& options, EventLoop& loop,
                                                         const Clock& clock) {
    if (!options.smb.empty()) {
        return user_error("smb: folders are not shared this way", "share them by a server of the host's, or by tftp=");
    }
    const Network net = KELVIN_TRY(parse_network(options.net));
    SlirpConfig config{};
    config.version = 1;
    config.restricted = options.restrict_guest ? 1 : 0;
    config.in_enabled = options.ipv4;
    config.vnetwork = net.at(0);
    config.vnetmask = {htonl(net.mask)};
    config.vhost = options.host.empty() ? net.at(2) : KELVIN_TRY(parse_address(options.host, "host"));
    config.vnameserver = options.dns.empty() ? net.at(3) : KELVIN_TRY(parse_address(options.dns, "dns"));
    config.vdhcp_start =
        options.dhcpstart.empty() ? net.at(15) : KELVIN_TRY(parse_address(options.dhcpstart, "dhcpstart"));
    config.in6_enabled = options.ipv6;
    KELVIN_TRY(configure_ipv6(options, config));
    config.vhostname = text_or_null(options.hostname);
    config.vdomainname = text_or_null(options.domainname);
    config.tftp_path = text_or_null(options.tftp);
    config.tftp_server_name = text_or_null(options.tftp_server_name);
    config.bootfile = text_or_null(options.bootfile);
    std::vector<const char*> search;
    for (const std::string& domain : options.dnssearch) {
        search.push_back(domain.c_str());
    }
    search.push_back(nullptr);
    config.vdnssearch = options.dnssearch.empty() ? nullptr : search.data();

    std::unique_ptr<UserNetwork> network(new UserNetwork(loop, clock));
    network->slirp_ = ::slirp_new(&config, &Callbacks::kTable, network.get());
    if (network->slirp_ == nullptr) {
        return user_error("libslirp does not take these options of the user network");
    }
    for (const std::string& rule : options.hostfwd) {
        const HostForward forward = KELVIN_TRY(parse_host_forward(rule));
        KELVIN_TRY(network->add_forward(forward));
    }
    for (const std::string& rule : options.guestfwd) {
        const GuestForward forward = KELVIN_TRY(parse_guest_forward(rule));
        KELVIN_TRY(network->add_guest_forward(forward));
    }
    loop.add_source(*network);
    return network;
}

UserNetwork::~UserNetwork() {
    loop_.remove_source(*this);
    if (slirp_ != nullptr) {
        ::slirp_cleanup(slirp_);
    }
}

Result<> UserNetwork::add_forward(const HostForward& rule) {
    if (::slirp_add_hostfwd(slirp_, rule.udp ? 1 : 0, rule.host, rule.host_port, rule.guest, rule.guest_port) != 0) {
        return host_error(fmt::format("port {} of the host cannot be forwarded", rule.host_port), errno,
                          "another program may use it: choose another port");
    }
    return ok();
}

Result<> UserNetwork::add_guest_forward(const GuestForward& rule) {
    in_addr address = rule.address;
    const auto add = rule.is_command ? ::slirp_add_exec : ::slirp_add_unix;
    if (add(slirp_, rule.target.c_str(), &address, rule.port) != 0) {
        return user_error(fmt::format("the guest's connections to port {} cannot be forwarded", rule.port),
                          "the address is one of the guest's network, not the host's in it, and not forwarded twice");
    }
    return ok();
}

Result<> UserNetwork::remove_forward(const HostForward& rule) {
    if (::slirp_remove_hostfwd(slirp_, rule.udp ? 1 : 0, rule.host, rule.host_port) != 0) {
        return user_error(fmt::format("port {} of the host is not forwarded", rule.host_port));
    }
    return ok();
}

std::string UserNetwork::describe() const {
    char* const text = ::slirp_connection_info(slirp_);
    const std::string copy = text;
    std::free(text);
    return copy;
}

void UserNetwork::set_receiver(NetworkReceiver* receiver) {
    receiver_ = receiver;
    waiting_.clear();
}

void UserNetwork::send(std::span<const iovec> frame, const FrameOffload& offload) {
    outgoing_.clear();
    for (const iovec& piece : frame) {
        const auto* const bytes = static_cast<const u8*>(piece.iov_base);
        if (outgoing_.size() + piece.iov_len > kMaxFrame) {
            return;
        }
        outgoing_.insert(outgoing_.end(), bytes, bytes + piece.iov_len);
    }
    const bool sum = (offload.flags & FrameOffload::kNeedsChecksum) != 0;
    if (sum && !complete_checksum(outgoing_, offload)) {
        return;
    }
    ::slirp_input(slirp_, outgoing_.data(), static_cast<int>(outgoing_.size()));
}

/// The frames are made by libslirp on this host: their sums need no look by the guest.
bool UserNetwork::offer(std::span<const u8> frame) {
    const iovec piece{const_cast<u8*>(frame.data()), frame.size()};
    return receiver_->receive({&piece, 1}, {.flags = FrameOffload::kChecksumValid});
}

void UserNetwork::deliver(std::span<const u8> frame) {
    if (receiver_ == nullptr) {
        return;
    }
    if ((!waiting_.empty() || !offer(frame)) && waiting_.size() < kMaxWaiting) {
        waiting_.emplace_back(frame.begin(), frame.end());
    }
}

void UserNetwork::ready() {
    while (receiver_ != nullptr && !waiting_.empty() && offer(waiting_.front())) {
        waiting_.pop_front();
    }
}

void UserNetwork::before_poll(std::vector<pollfd>& polled, int& timeout_ms) {
    struct Request {
        std::vector<pollfd>* polled;
        std::size_t first;
    } request{&polled, polled.size()};
    u32 timeout = timeout_ms < 0 ? kLongestWaitMs : static_cast<u32>(timeout_ms);
    ::slirp_pollfds_fill(
        slirp_, &timeout,
        [](int fd, int events, void* opaque) {
            auto& into = *static_cast<Request*>(opaque);
            into.polled->push_back({fd, poll_events(events), 0});
            return static_cast<int>(into.polled->size() - into.first - 1);
        },
        &request);
    timeout_ms = static_cast<int>(timeout);
}

void UserNetwork::after_poll(std::span<const pollfd> polled) {
    ::slirp_pollfds_poll(
        slirp_, 0,
        [](int index, void* opaque) {
            const auto& all = *static_cast<std::span<const pollfd>*>(opaque);
            return index >= 0 && static_cast<std::size_t>(index) < all.size()
                       ? slirp_events(all[static_cast<std::size_t>(index)].revents)
                       : 0;
        },
        &polled);
}

}  // namespace kelvin::backend
