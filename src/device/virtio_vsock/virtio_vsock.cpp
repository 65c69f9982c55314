// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_vsock/virtio_vsock.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <climits>

#include "state/saved_state.h"

namespace kelvin::device {

using bus::virtio::Chain;
using vsock::Header;
namespace op = vsock::op;

namespace {

// 5.10.2
constexpr u16 kReceive = 0;
constexpr u16 kTransmit = 1;
constexpr u16 kEvent = 2;

constexpr u64 kStreamFeature = 1;  // 5.10.3
constexpr u16 kQueueSize = 128;

constexpr u64 kLeastCid = 3;
constexpr u64 kMostCid = 0xfffffffe;  // the one behind it means anybody

/// Of the host's ends of connections that the host asks for: from there on, where no service has its port.
constexpr u32 kFirstPort = u32{1} << 30;

using HeaderBytes = std::array<u8, sizeof(Header)>;

u64 room_of(const Chain& buffer) {
    return buffer.writable_size() - sizeof(Header);
}

/// That there is no such connection: to who has sent `header`.
Header reset_for(const Header& header) {
    return {.src_cid = header.dst_cid,
            .src_port = header.dst_port,
            .dst_port = header.src_port,
            .type = header.type,
            .op = op::kReset};
}

Header from_host(Header header, vsock::Ports ports) {
    header.src_cid = vsock::kHostCid;
    header.src_port = ports.host;
    header.dst_port = ports.guest;
    return header;
}

}  // namespace

Result<std::unique_ptr<VirtioVsock>> VirtioVsock::create(const Options& options,
                                                         const bus::Surroundings& surroundings) {
    if (options.guest_cid < kLeastCid || options.guest_cid > kMostCid) {
        return user_error(fmt::format("guest-cid={} is no address of a guest", options.guest_cid),
                          fmt::format("it is a number from {} to {}", kLeastCid, kMostCid));
    }
    if (options.socket.empty()) {
        return user_error(
            "the host's programs have no way to it: it has no socket",
            "add socket=PATH, where they connect and say CONNECT PORT; the guest finds theirs at PATH_PORT");
    }
    std::unique_ptr<backend::VsockHost> host = KELVIN_TRY(backend::VsockHost::open(options.socket, surroundings.io));
    return std::make_unique<VirtioVsock>(options, surroundings.io, surroundings.dma, std::move(host));
}

VirtioVsock::VirtioVsock(const Options& options, EventLoop& io, memory::Dma& dma,
                         std::unique_ptr<backend::VsockHost> host)
    : Device({.id = 19,
              .pci_class = 0x078000,
              .features = options.ring.features() | kStreamFeature,
              .queue_sizes = {kQueueSize, kQueueSize, kQueueSize},
              .config_size = sizeof options.guest_cid},
             io, dma),
      cid_(options.guest_cid),
      host_(std::move(host)),
      next_port_(kFirstPort) {
    set_config(0, std::bit_cast<std::array<u8, sizeof cid_>>(cid_));
    host_->set_caller([this](u32 port, Fd socket) { host_calls(port, std::move(socket)); });
    io.add_source(*this);
}

VirtioVsock::~VirtioVsock() {
    io().remove_source(*this);
}

void VirtioVsock::stopped() {
    connections_.clear();
    replies_.clear();
    held_ = 0;
    starved_ = false;
    deaf_ = false;
    owes_reset_ = false;
}

void VirtioVsock::queue_notified(u16 queue) {
    if (queue == kReceive) {
        starved_ = false;
        send_packets();
    } else if (queue == kTransmit && !deaf_) {
        serve(kTransmit, chain_, [this](const Chain& chain) {
            take_packet(chain);
            give_back(kTransmit, chain, 0);
            if (replies_.size() >= kMostReplies) {
                send_packets();
                deaf_ = replies_.size() >= kMostReplies;
            }
            return !deaf_;
        });
        send_packets();
    } else if (queue == kEvent && owes_reset_) {
        serve(kEvent, chain_, [this](const Chain& chain) {
            const auto event = std::bit_cast<std::array<u8, sizeof vsock::kResetEvent>>(vsock::kResetEvent);
            owes_reset_ = !chain.write(0, event);
            give_back(kEvent, chain, owes_reset_ ? 0 : event.size());
            return owes_reset_;
        });
    }
}

/// 5.10.6.3: from another address nothing is taken; what else is not understood is answered with a reset.
void VirtioVsock::take_packet(const Chain& chain) {
    HeaderBytes bytes{};
    if (!chain.read(0, bytes)) {
        return;
    }
    const auto header = std::bit_cast<Header>(bytes);
    if (header.src_cid != cid_) {
        return;
    }
    if (header.dst_cid != vsock::kHostCid || header.type != vsock::kStream) {
        return refuse(header);
    }
    const auto found = connections_.find(vsock::Ports{header.src_port, header.dst_port});
    if (found == connections_.end()) {
        return header.op == op::kRequest ? connect(header) : refuse(header);
    }
    if (header.op == op::kReset) {
        connections_.erase(found);
        return;
    }
    found->second.note_credit(header);
    if (!obey(found->second, header, chain) || found->second.is_over()) {
        reset(found);
    }
}

void VirtioVsock::refuse(const Header& header) {
    // Two sides that answer each other's resets would never end.
    if (header.op != op::kReset) {
        replies_.push_back(reset_for(header));
    }
}

void VirtioVsock::connect(const Header& header) {
    Fd socket = connections_.size() < kMostConnections ? host_->connect(header.dst_port) : Fd();
    if (!socket) {
        return refuse(header);
    }
    const vsock::Ports ports{header.src_port, header.dst_port};
    const auto [made, is_new] = connections_.try_emplace(ports, ports, std::move(socket), Connection::Asker::guest);
    KELVIN_ASSERT(is_new);
    made->second.note_credit(header);
}

/// False: the connection cannot go on.
bool VirtioVsock::obey(Connection& connection, const Header& header, const Chain& chain) {
    switch (header.op) {
        case op::kResponse:
            return connection.agree();
        case op::kShutdown:
            return connection.shut(header.flags);
        case op::kData:
            return header.len <= chain.readable_size() - sizeof(Header) &&
                   connection.take_data(chain, sizeof(Header), header.len);
        case op::kCreditUpdate:
            return true;
        case op::kCreditRequest:
            connection.ask_credit();
            return true;
        default:
            return false;
    }
}

void VirtioVsock::reset(Connections::iterator connection) {
    if (connection->second.is_known()) {
        replies_.push_back(from_host({.type = vsock::kStream, .op = op::kReset}, connection->first));
    }
    connections_.erase(connection);
}

/// Without a driver nobody could answer.
void VirtioVsock::host_calls(u32 port, Fd socket) {
    if (!running() || connections_.size() >= kMostConnections) {
        return;
    }
    vsock::Ports ports{port, next_port_};
    while (connections_.contains(ports)) {
        ports.host = std::max(ports.host + 1, kFirstPort);
    }
    next_port_ = std::max(ports.host + 1, kFirstPort);
    connections_.try_emplace(ports, ports, std::move(socket), Connection::Asker::host);
    send_packets();
}

void VirtioVsock::before_poll(std::vector<pollfd>& polled, int& /*timeout_ms*/) {
    polled_.clear();
    const bool has_buffers = running() && (!starved_ || held_ != 0);
    for (const auto& [ports, connection] : connections_) {
        if (const auto events = connection.wanted_events(has_buffers)) {
            polled_.push_back(ports);
            polled.push_back({connection.descriptor(), *events, 0});
        }
    }
}

/// Who is first changes, so that one that always has input does not take all buffers.
void VirtioVsock::after_poll(std::span<const pollfd> polled) {
    if (polled.empty()) {
        return;
    }
    ++first_;
    for (std::size_t i = 0; i < polled.size(); ++i) {
        const std::size_t index = (first_ + i) % polled.size();
        const auto found = connections_.find(polled_[index]);
        if (polled[index].revents != 0 && found != connections_.end() &&
            (!move(found->second, polled[index].revents) || found->second.is_over())) {
            reset(found);
        }
    }
    send_packets();
}

/// False: the connection cannot go on.
bool VirtioVsock::move(Connection& connection, short events) {
    const bool hung_up = (events & (POLLHUP | POLLERR)) != 0;
    if (connection.is_asked()) {
        return !hung_up;
    }
    if ((events & ~POLLIN) != 0) {
        connection.flush();
    }
    if ((events & POLLIN) != 0) {
        if (const u32 size = connection.input(hung_up); size != 0) {
            send_data(connection, size);
        }
    } else if (hung_up && connection.is_input_over()) {
        connection.hang_up();
    }
    return true;
}

/// Takes buffers until there is one, and room for `size` bytes in as many as are filled at once; false if there is
/// none.
bool VirtioVsock::gather(u64 size) {
    u64 room = 0;
    for (const Chain& buffer : std::span(buffers_).first(held_)) {
        room += room_of(buffer);
    }
    while ((held_ == 0 || room < size) && held_ < kMostBuffers) {
        if (buffers_.size() == held_) {
            buffers_.emplace_back();
        }
        if (!next_chain(kReceive, buffers_[held_])) {
            starved_ = true;
            break;
        }
        if (buffers_[held_].writable_size() <= sizeof(Header)) {
            fail("a buffer for packets has no room for a header and data");
            held_ = 0;
            break;
        }
        room += room_of(buffers_[held_++]);
    }
    return held_ != 0;
}

/// The first of those that were gathered.
void VirtioVsock::give_back_buffers(std::span<const bus::virtio::Returned> returned) {
    give_back(kReceive, returned);
    const auto begin = buffers_.begin();
    std::rotate(begin, begin + static_cast<std::ptrdiff_t>(returned.size()),
                begin + static_cast<std::ptrdiff_t>(held_));
    held_ -= returned.size();
}

/// False, and nothing done, if the driver has given no buffer.
bool VirtioVsock::send(Header header) {
    if (!gather(0)) {
        return false;
    }
    header.dst_cid = cid_;
    KELVIN_ASSERT(buffers_[0].write(0, std::bit_cast<HeaderBytes>(header)));
    const bus::virtio::Returned one{&buffers_[0], sizeof(Header)};
    give_back_buffers({&one, 1});
    return true;
}

void VirtioVsock::send_packets() {
    while (!replies_.empty()) {
        if (!send(replies_.front())) {
            return;
        }
        replies_.pop_front();
    }
    if (std::exchange(deaf_, false)) {
        notify(kTransmit);
    }
    for (auto& [ports, connection] : connections_) {
        while (connection.owes_packet()) {
            if (!gather(0)) {
                return;
            }
            send(from_host(connection.next_packet(), ports));
        }
    }
}

/// Reads into the driver's buffers, behind where their headers go; then writes those.
void VirtioVsock::send_data(Connection& connection, u32 size) {
    if (!gather(size)) {
        return;
    }
    const auto share = [this](std::size_t index, u64 left) {
        return std::min({room_of(buffers_[index]), kMostData, left});
    };
    pieces_.clear();
    u64 planned = 0;
    for (std::size_t index = 0; index < held_ && planned < size; ++index) {
        const std::size_t before = pieces_.size();
        const u64 bytes = share(index, size - planned);
        KELVIN_ASSERT(buffers_[index].writable_pieces(sizeof(Header), bytes, pieces_));
        if (pieces_.size() > IOV_MAX) {
            pieces_.resize(before);
            break;
        }
        planned += bytes;
    }
    u64 left = connection.read(pieces_);
    returned_.clear();
    for (std::size_t index = 0; left != 0; ++index) {
        const u64 bytes = share(index, left);
        Header header = from_host(connection.data_packet(static_cast<u32>(bytes)), connection.ports());
        header.dst_cid = cid_;
        KELVIN_ASSERT(buffers_[index].write(0, std::bit_cast<HeaderBytes>(header)));
        returned_.push_back({&buffers_[index], static_cast<u32>(sizeof(Header) + bytes)});
        left -= bytes;
    }
    give_back_buffers(returned_);
}

void VirtioVsock::quiesce() {
    put_back(kReceive, std::span(buffers_).first(held_));
    held_ = 0;
}

Result<state::Json> VirtioVsock::save() {
    State saved;
    return state::save_state(saved);
}

/// 5.10.6.7: what the host's programs are connected to stays where they are.
Result<> VirtioVsock::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    owes_reset_ = running();
    return ok();
}

}  // namespace kelvin::device
