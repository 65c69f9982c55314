// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_net/pair.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "device/virtio_net/net_features.h"

namespace kelvin::device {

using backend::FrameOffload;
using bus::virtio::Chain;
using namespace net_feature;

namespace {

/// In front of every frame (5.1.6).
struct Header {
    u8 flags = 0;
    u8 segment_type = 0;
    u16 header_length = 0;
    u16 segment_size = 0;
    u16 checksum_start = 0;
    u16 checksum_offset = 0;
    u16 buffers = 1;
};
static_assert(sizeof(Header) == 12);

constexpr u64 kEthernetHeader = 14;
/// Of 64 KiB in buffers of a page's quarter or more.
constexpr std::size_t kMaxBuffers = 72;

u64 total(std::span<const iovec> pieces) {
    u64 sum = 0;
    for (const iovec& piece : pieces) {
        sum += piece.iov_len;
    }
    return sum;
}

}  // namespace

void VirtioNet::Pair::connect(bool wanted) {
    if (connected_ != wanted) {
        connected_ = wanted;
        port_.set_receiver(wanted ? this : nullptr);
    }
}

void VirtioNet::Pair::stop() {
    starved_ = false;
    buffer_count_ = 0;
    buffer_room_ = 0;
}

void VirtioNet::Pair::put_back() {
    net_.put_back(receive_queue(), std::span(buffers_).first(buffer_count_));
    buffer_count_ = 0;
    buffer_room_ = 0;
}

void VirtioNet::Pair::link_changed(bool) {
    if (index_ == 0) {
        net_.publish_status();
    }
}

void VirtioNet::Pair::buffers_came() {
    if (starved_) {
        starved_ = false;
        port_.ready();
    }
}

void VirtioNet::Pair::frames_came() {
    net_.serve(transmit_queue(), outgoing_, [this](const Chain& chain) {
        transmit(chain);
        net_.give_back(transmit_queue(), chain, 0);
        return true;
    });
}

void VirtioNet::Pair::transmit(const Chain& chain) {
    std::array<u8, sizeof(Header)> bytes{};
    const u64 header_size = net_.header_size();
    const u64 size = chain.readable_size() - header_size;
    if (!chain.read(0, std::span(bytes).first(header_size)) || size < kEthernetHeader || size > backend::kMaxFrame) {
        return;
    }
    const auto header = std::bit_cast<Header>(bytes);
    pieces_.clear();
    if (!chain.readable_pieces(header_size, size, pieces_)) {
        return;
    }
    FrameOffload offload;
    if (net_.has(kChecksum) && (header.flags & FrameOffload::kNeedsChecksum) != 0) {
        offload = {.flags = FrameOffload::kNeedsChecksum,
                   .segment_type = header.segment_type,
                   .header_length = header.header_length,
                   .segment_size = header.segment_size,
                   .checksum_start = header.checksum_start,
                   .checksum_offset = header.checksum_offset};
    }
    // A pair that is not active has no end of the host's.
    (connected_ ? port_ : net_.pairs_[0]->port_).send(pieces_, offload);
}

/// Takes buffers until `size` bytes have room; false if the driver has not given enough, which keeps what there is.
bool VirtioNet::Pair::gather_buffers(u64 size) {
    const std::size_t limit = net_.has(kMergeableBuffers) ? kMaxBuffers : 1;
    while (buffer_room_ < size && buffer_count_ < limit) {
        if (buffer_count_ == buffers_.size()) {
            buffers_.emplace_back();
        }
        if (!net_.next_chain(receive_queue(), buffers_[buffer_count_])) {
            return false;
        }
        buffer_room_ += buffers_[buffer_count_].writable_size();
        ++buffer_count_;
    }
    return true;
}

bool VirtioNet::Pair::receive(std::span<const iovec> frame, const FrameOffload& offload) {
    const u64 size = total(frame);
    if (!net_.running() || size < kEthernetHeader || size > backend::kMaxFrame) {
        return true;
    }
    // Where it lies in one piece already, as it mostly does, nothing is copied for the filter's sake.
    std::array<u8, kEthernetHeader + 4> begin{};
    u64 filled = 0;
    for (const iovec& piece : frame) {
        const u64 bytes = std::min<u64>(piece.iov_len, begin.size() - filled);
        std::memcpy(begin.data() + filled, piece.iov_base, bytes);
        filled += bytes;
    }
    if (!net_.filter_.passes(std::span(begin).first(filled))) {
        return true;
    }
    if (!gather_buffers(size + net_.header_size())) {
        starved_ = true;
        return false;
    }
    if (buffer_room_ >= size + net_.header_size()) {
        fill_buffers(frame, offload);
    }
    return true;
}

void VirtioNet::Pair::fill_buffers(std::span<const iovec> frame, const FrameOffload& offload) {
    Header header{.flags = net_.offloads_.checksum ? offload.flags : u8{0},
                  .segment_type = offload.segment_type,
                  .header_length = offload.header_length,
                  .segment_size = offload.segment_size,
                  .checksum_start = offload.checksum_start,
                  .checksum_offset = offload.checksum_offset,
                  .buffers = static_cast<u16>(buffer_count_)};
    returned_.clear();
    std::size_t index = 0;
    u64 at = 0;  // in that buffer
    const auto append = [&](std::span<const u8> data) {
        while (!data.empty()) {
            const u64 size = std::min<u64>(data.size(), buffers_[index].writable_size() - at);
            KELVIN_ASSERT(buffers_[index].write(at, data.first(size)));
            data = data.subspan(size);
            at += size;
            if (at == buffers_[index].writable_size()) {
                returned_.push_back({&buffers_[index++], static_cast<u32>(at)});
                at = 0;
            }
        }
    };
    const auto header_bytes = std::bit_cast<std::array<u8, sizeof(Header)>>(header);
    append(std::span(header_bytes).first(net_.header_size()));
    for (const iovec& piece : frame) {
        append({static_cast<const u8*>(piece.iov_base), piece.iov_len});
    }
    for (; index < buffer_count_; ++index) {
        returned_.push_back({&buffers_[index], static_cast<u32>(at)});
        at = 0;
    }
    // 5.1.6.4.1: a driver that has seen one looks for the others at once.
    net_.give_back(receive_queue(), returned_);
    buffer_count_ = 0;
    buffer_room_ = 0;
}

}  // namespace kelvin::device
