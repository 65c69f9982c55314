// SPDX-License-Identifier: Apache-2.0
#include "backend/net/tap_network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace kelvin::backend {

namespace {

/// What stands in front of a frame, as TUNSETVNETHDRSZ says: FrameOffload and, as virtio 1 has it, a count of buffers
/// that means nothing here.
struct TapHeader {
    FrameOffload offload;
    u16 buffers = 0;
};
static_assert(sizeof(TapHeader) == 12);

Result<> check(const TapOptions& options) {
    if (options.queues != 1 || !options.fds.empty()) {
        return user_error("tap: there is one queue", "leave out queues and fds, or give one descriptor: fd=N");
    }
    if (options.script != "no" || options.downscript != "no") {
        return user_error("tap: no scripts are run", "set up the interface with ip link, and say script=no");
    }
    if (!options.helper.empty() || !options.br.empty()) {
        return user_error("tap: no helper is run", "add the interface to a bridge: ip link set TAP master BRIDGE");
    }
    if (options.fd && !options.ifname.empty()) {
        return user_error("tap: fd and ifname exclude each other", "the descriptor knows its interface");
    }
    if (options.ifname.size() >= IFNAMSIZ) {
        return user_error(fmt::format("tap: ifname '{}' is longer than {} characters", options.ifname, IFNAMSIZ - 1));
    }
    return ok();
}

/// `fd` becomes an end of the interface that is called `request.ifr_name`.
Result<> attach(int fd, ifreq& request, bool with_headers) {
    const int flags = IFF_TAP | IFF_NO_PI | (with_headers ? IFF_VNET_HDR : 0);
    request.ifr_flags = static_cast<short>(flags);
    if (::ioctl(fd, TUNSETIFF, &request) == 0) {
        return ok();
    }
    const int error = errno;
    const char* const name = request.ifr_name[0] == 0 ? "a new one" : request.ifr_name;
    return host_error(fmt::format("tap: cannot have interface {}", name), error,
                      error == EBUSY ? "another process has it"
                                     : "make one for yourself as root: ip tuntap add dev tap0 mode tap user $USER");
}

Result<Fd> open_interface(const TapOptions& options, ifreq& request) {
    if (options.fd) {
        Fd fd(*options.fd);
        if (::ioctl(fd.get(), TUNGETIFF, &request) != 0) {
            return host_error(fmt::format("tap: descriptor {} is no tap interface", *options.fd), errno);
        }
        return fd;
    }
    Fd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    if (!fd) {
        return host_error("tap: cannot open /dev/net/tun", errno, "modprobe tun, as root, makes it");
    }
    std::memcpy(request.ifr_name, options.ifname.data(), options.ifname.size());
    KELVIN_TRY(attach(fd.get(), request, options.vnet_hdr));
    return fd;
}

}  // namespace

Result<std::unique_ptr<TapNetwork>> TapNetwork::create(const TapOptions& options, EventLoop& loop) {
    KELVIN_TRY(check(options));
    ifreq request{};
    Fd fd = KELVIN_TRY(open_interface(options, request));
    const bool has_headers = (request.ifr_flags & IFF_VNET_HDR) != 0;
    const int header_size = sizeof(TapHeader);
    if (has_headers && ::ioctl(fd.get(), TUNSETVNETHDRSZ, &header_size) != 0) {
        return host_error("tap: the host's headers have another size", errno);
    }
    ::fcntl(fd.get(), F_SETFL, O_RDWR | O_NONBLOCK);
    ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    std::unique_ptr<TapNetwork> network(new TapNetwork(loop, std::move(fd), request.ifr_name, has_headers));
    network->set_receiver_offloads({});
    return network;
}

TapNetwork::TapNetwork(EventLoop& loop, Fd fd, std::string interface, bool has_headers)
    : loop_(loop),
      fd_(std::move(fd)),
      interface_(std::move(interface)),
      has_headers_(has_headers),
      incoming_(kMaxFrame) {}

TapNetwork::~TapNetwork() {
    watch(false);
}

std::string TapNetwork::describe() const {
    return fmt::format("  interface {}, offloads {}\n", interface_, has_headers_ ? "on" : "off");
}

void TapNetwork::watch(bool wanted) {
    if (wanted == watched_) {
        return;
    }
    watched_ = wanted;
    if (wanted) {
        loop_.watch(fd_.get(), call_method<&TapNetwork::readable, TapNetwork>, this);
    } else {
        loop_.unwatch(fd_.get());
    }
}

void TapNetwork::set_receiver(NetworkReceiver* receiver) {
    receiver_ = receiver;
    size_ = 0;
    set_receiver_offloads({});
    watch(receiver != nullptr);
}

void TapNetwork::set_receiver_offloads(const ReceiverOffloads& offloads) {
    if (!has_headers_) {
        return;
    }
    unsigned long flags = 0;
    if (offloads.checksum) {
        flags |= TUN_F_CSUM;
        flags |= offloads.tcp4 ? TUN_F_TSO4 : 0U;
        flags |= offloads.tcp6 ? TUN_F_TSO6 : 0U;
        flags |= offloads.ecn && (offloads.tcp4 || offloads.tcp6) ? TUN_F_TSO_ECN : 0U;
    }
    // A host that refuses finishes every frame itself, which any receiver takes.
    static_cast<void>(::ioctl(fd_.get(), TUNSETOFFLOAD, flags));
}

void TapNetwork::send(std::span<const iovec> frame, const FrameOffload& offload) {
    TapHeader header{offload, 0};
    outgoing_.clear();
    if (has_headers_) {
        outgoing_.push_back({&header, sizeof header});
    }
    outgoing_.insert(outgoing_.end(), frame.begin(), frame.end());
    // The kernel checks the header against the frame; what it does not take is lost, as is what finds its queue full.
    static_cast<void>(!::writev(fd_.get(), outgoing_.data(), static_cast<int>(outgoing_.size())));
}

bool TapNetwork::read_frame() {
    TapHeader header;
    const iovec pieces[] = {{&header, sizeof header}, {incoming_.data(), incoming_.size()}};
    const std::size_t skipped = has_headers_ ? 0 : 1;
    const ssize_t got = ::readv(fd_.get(), pieces + skipped, static_cast<int>(2 - skipped));
    const ssize_t least = has_headers_ ? static_cast<ssize_t>(sizeof header) : 0;
    if (got <= least) {
        return false;
    }
    offload_ = header.offload;
    size_ = static_cast<std::size_t>(got - least);
    return true;
}

bool TapNetwork::offer() {
    const iovec piece{incoming_.data(), size_};
    if (!receiver_->receive({&piece, 1}, offload_)) {
        return false;
    }
    size_ = 0;
    return true;
}

void TapNetwork::readable() {
    for (unsigned fuel = kFuel; fuel != 0 && receiver_ != nullptr && read_frame(); --fuel) {
        if (!offer()) {
            // The host's queue keeps what comes meanwhile, and tells its senders when it is full.
            watch(false);
            return;
        }
    }
}

void TapNetwork::ready() {
    if (receiver_ != nullptr && (size_ == 0 || offer())) {
        watch(true);
    }
}

}  // namespace kelvin::backend
