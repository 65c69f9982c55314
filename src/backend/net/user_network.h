// SPDX-License-Identifier: Apache-2.0
// A network of the guest's own behind the user's sockets (NAT by libslirp): DHCP, DNS, TFTP, forwarded ports; no
// privileges.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/net/forwarding.h"
#include "backend/net/network_port.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "state/option_types.h"

struct Slirp;

namespace kelvin::backend {

struct UserNetworkOptions {
    std::string net = "10.0.2.0/24";
    std::string host;
    std::string dhcpstart;
    std::string dns;
    std::string hostname;
    std::string domainname;
    std::string tftp;
    std::string tftp_server_name;
    std::string bootfile;
    bool restrict_guest = false;
    bool ipv4 = true;
    bool ipv6 = true;
    std::vector<std::string> dnssearch;
    std::vector<std::string> hostfwd;
    std::vector<std::string> guestfwd;
    std::string ipv6_prefix = "fec0::";
    u8 ipv6_prefixlen = 64;
    std::string ipv6_host;
    std::string ipv6_dns;
    std::string smb;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("net", net, "the guest's network");
        visit("host", host, "the host's address in it; by default the second");
        visit("dhcpstart", dhcpstart, "the first address that is given out; by default the fifteenth");
        visit("dns", dns, "the name server's address; by default the third");
        visit("hostname", hostname, "what DHCP calls the guest");
        visit("domainname", domainname, "what DHCP says the domain is");
        visit("tftp", tftp, "a folder that the guest may read by TFTP");
        visit("tftp-server-name", tftp_server_name, "what DHCP calls the TFTP server");
        visit("bootfile", bootfile, "what DHCP says to boot");
        visit("restrict", restrict_guest, "the guest reaches nothing but forwarded ports");
        visit("ipv4", ipv4, "IPv4 is there");
        visit("ipv6", ipv6, "IPv6 is there");
        visit("dnssearch", dnssearch, "domains that names are looked up in");
        visit("hostfwd", hostfwd, "tcp:127.0.0.1:2222-:22: a port of the host that leads to the guest");
        visit("guestfwd", guestfwd, "tcp:10.0.2.100:80-cmd:COMMAND or -unix:PATH: an address that the guest reaches");
        visit("ipv6-prefix", ipv6_prefix, "the guest's network by IPv6");
        visit("ipv6-prefixlen", ipv6_prefixlen, "bits of it");
        visit("ipv6-host", ipv6_host, "the host's address in it; by default the second");
        visit("ipv6-dns", ipv6_dns, "the name server's; by default the third");
        visit("smb", smb, "refused: share folders by another way");
    }
};

/// I/O loop's thread.
class UserNetwork final : public NetworkPort, private PollSource {
  public:
    static Result<std::unique_ptr<UserNetwork>> create(const UserNetworkOptions& options, EventLoop& loop,
                                                       const Clock& clock);
    ~UserNetwork() override;

    Result<> add_forward(const HostForward& rule);
    Result<> add_guest_forward(const GuestForward& rule);
    Result<> remove_forward(const HostForward& rule);
    /// The connections that there are, as text.
    std::string describe() const override;

    void set_receiver(NetworkReceiver* receiver) override;
    void send(std::span<const iovec> frame, const FrameOffload& offload) override;
    void ready() override;
    bool takes_offloads() const override { return true; }
    bool link_up() const override { return true; }

  private:
    struct Callbacks;
    struct Timer;
    /// Frames that wait for the guest: what a window of TCP or two may be. Beyond it they are lost.
    static constexpr std::size_t kMaxWaiting = 512;

    UserNetwork(EventLoop& loop, const Clock& clock) : loop_(loop), clock_(clock) {}
    void before_poll(std::vector<pollfd>& polled, int& timeout_ms) override;
    void after_poll(std::span<const pollfd> polled) override;
    void deliver(std::span<const u8> frame);
    bool offer(std::span<const u8> frame);

    EventLoop& loop_;
    const Clock& clock_;
    Slirp* slirp_ = nullptr;
    NetworkReceiver* receiver_ = nullptr;
    std::vector<u8> outgoing_;
    std::deque<std::vector<u8>> waiting_;
};

}  // namespace kelvin::backend
