// SPDX-License-Identifier: Apache-2.0
#include "backend/net/tap_network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
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

/// As many as a kernel gives one interface (MAX_TAP_QUEUES).
constexpr u32 kMaxQueues = 256;

Result<> check(const TapOptions& options) {
    if (options.queues == 0 || options.queues > kMaxQueues) {
        return user_error(fmt::format("tap: queues={} is not from 1 to {}", options.queues, kMaxQueues));
    }
    if (options.script != "no" || options.downscript != "no") {
        return user_error("tap: no scripts are run", "set up the interface with ip link, and say script=no");
    }
    if (!options.helper.empty() || !options.br.empty()) {
        return user_error("tap: no helper is run", "add the interface to a bridge: ip link set TAP master BRIDGE");
    }
    const bool has_descriptors = options.fd || !options.fds.empty();
    if (has_descriptors && !options.ifname.empty()) {
        return user_error("tap: fd and ifname exclude each other", "the descriptor knows its interface");
    }
    if (has_descriptors && (options.queues != 1 || (options.fd && !options.fds.empty()))) {
        return user_error("tap: fd, fds and queues exclude each other", "fds=20:21 names a descriptor for each queue");
    }
    if (options.ifname.size() >= IFNAMSIZ) {
        return user_error(fmt::format("tap: ifname '{}' is longer than {} characters", options.ifname, IFNAMSIZ - 1));
    }
    return ok();
}

/// "20:21".
Result<std::vector<i32>> parse_descriptors(std::string_view text) {
    std::vector<i32> numbers;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(':'));
        i32 number = 0;
        const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (failure != std::errc() || end != word.data() + word.size() || number < 0) {
            return user_error(fmt::format("tap: fds: '{}' is no descriptor", word), "fds=20:21 names two");
        }
        numbers.push_back(number);
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    if (numbers.size() > kMaxQueues) {
        return user_error(fmt::format("tap: fds names more than {} queues", kMaxQueues));
    }
    return numbers;
}

/// `fd` becomes an end of the interface that is called `request.ifr_name`.
Result<> attach(int fd, ifreq& request, int flags) {
    request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | flags);
    if (::ioctl(fd, TUNSETIFF, &request) == 0) {
        return ok();
    }
    const int error = errno;
    const char* const name = request.ifr_name[0] == 0 ? "a new one" : request.ifr_name;
    const bool many = (flags & IFF_MULTI_QUEUE) != 0;
    return host_error(fmt::format("tap: cannot have interface {}", name), error,
                      error == EBUSY ? "another process has it"
                      : error == EINVAL && many
                          ? "it was made for one queue: ip tuntap add dev tap0 mode tap multi_queue"
                          : "make one for yourself as root: ip tuntap add dev tap0 mode tap user $USER");
}

}  // namespace

Result<TapNetwork::Queue> TapNetwork::open_queue(const TapOptions& options, std::optional<i32> descriptor,
                                                 std::string name) {
    ifreq request{};
    Fd fd;
    if (descriptor) {
        fd = Fd(*descriptor);
        if (::ioctl(fd.get(), TUNGETIFF, &request) != 0) {
            return host_error(fmt::format("tap: descriptor {} is no tap interface", *descriptor), errno);
        }
    } else {
        fd = Fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
        if (!fd) {
            return host_error("tap: cannot open /dev/net/tun", errno, "modprobe tun, as root, makes it");
        }
        std::memcpy(request.ifr_name, name.data(), name.size());
        KELVIN_TRY(attach(fd.get(), request,
                          (options.vnet_hdr ? IFF_VNET_HDR : 0) | (options.queues > 1 ? IFF_MULTI_QUEUE : 0)));
    }
    const bool has_headers = (request.ifr_flags & IFF_VNET_HDR) != 0;
    const int header_size = sizeof(TapHeader);
    if (has_headers && ::ioctl(fd.get(), TUNSETVNETHDRSZ, &header_size) != 0) {
        return host_error("tap: the host's headers have another size", errno);
    }
    ::fcntl(fd.get(), F_SETFL, O_RDWR | O_NONBLOCK);
    ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    return Queue{std::move(fd), request.ifr_name, has_headers, (request.ifr_flags & IFF_MULTI_QUEUE) != 0};
}

Result<std::unique_ptr<TapNetwork>> TapNetwork::create(const TapOptions& options, EventLoop& loop) {
    KELVIN_TRY(check(options));
    const std::vector<i32> descriptors = KELVIN_TRY(parse_descriptors(options.fds));
    const auto descriptor = [&](std::size_t index) {
        return descriptors.empty() ? options.fd : std::optional(descriptors[index]);
    };
    std::unique_ptr<TapNetwork> network(
        new TapNetwork(loop, KELVIN_TRY(open_queue(options, descriptor(0), options.ifname))));
    network->set_receiver_offloads({});
    for (std::size_t index = 1; index < std::max<std::size_t>(options.queues, descriptors.size()); ++index) {
        Queue queue = KELVIN_TRY(open_queue(options, descriptor(index), network->interface_));
        if (queue.interface != network->interface_ || queue.has_headers != network->has_headers_) {
            return user_error("tap: the descriptors of fds are not of one interface");
        }
        network->others_.emplace_back(new TapNetwork(loop, std::move(queue)));
        network->others_.back()->join(false);
    }
    return network;
}

TapNetwork::TapNetwork(EventLoop& loop, Queue queue)
    : loop_(loop),
      fd_(std::move(queue.fd)),
      interface_(std::move(queue.interface)),
      has_headers_(queue.has_headers),
      is_one_of_many_(queue.is_one_of_many),
      incoming_(kMaxFrame) {}

TapNetwork::~TapNetwork() {
    watch(false);
}

std::string TapNetwork::describe() const {
    return fmt::format("  interface {}, offloads {}, queues {}\n", interface_, has_headers_ ? "on" : "off",
                       queue_count());
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
    if (is_one_of_many_) {
        join(receiver != nullptr);
    }
    watch(receiver != nullptr);
}

NetworkPort& TapNetwork::queue(unsigned index) {
    return index == 0 ? static_cast<NetworkPort&>(*this) : *others_.at(index - 1);
}

/// The host spreads frames over the queues that have joined.
void TapNetwork::join(bool wanted) {
    ifreq request{};
    request.ifr_flags = static_cast<short>(wanted ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE);
    // It fails where nothing changes by it.
    static_cast<void>(::ioctl(fd_.get(), TUNSETQUEUE, &request));
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
