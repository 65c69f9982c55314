// SPDX-License-Identifier: Apache-2.0
#include "device/intel_ethernet/transmitter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/bits.h"
#include "device/intel_ethernet/registers.h"
#include "device/intel_ethernet/statistics.h"

namespace kelvin::device::intel {

using network_card::FrameList;
using network_card::put_sum;

namespace {

constexpr u64 kDescriptor = 16;

// The third word of every descriptor (3.3.3, 3.3.6, 3.3.7); types are of those that have kExtension.
constexpr u32 kEnd = 1U << 24;        // EOP
constexpr u32 kInsertSum = 1U << 26;  // IC, of the legacy one
constexpr u32 kSegment = 1U << 26;    // TSE, of the others
constexpr u32 kReport = 3U << 27;     // RS, RPS
constexpr u32 kExtension = 1U << 29;  // DEXT
constexpr u32 kTag = 1U << 30;        // VLE
constexpr u32 kDelay = 1U << 31;      // IDE
constexpr u32 kTypeContext = 0;
constexpr u32 kTypeData = 1;
constexpr u32 kContextTcp = 1U << 24;
constexpr u32 kContextIpv4 = 1U << 25;
constexpr u8 kDone = 1;

// POPTS.
constexpr u8 kNetworkSum = 1;
constexpr u8 kTransportSum = 2;

/// What is not cut: more would not fit into the packet buffer of any model.
constexpr u64 kMostBytes = 16384;
/// Of one turn: a guest may ask for a megabyte to be cut into single bytes.
constexpr std::size_t kMostSegments = 2048;

constexpr u32 type_of(u32 command) {
    return static_cast<u32>(bits(command, 23, 20));
}

}  // namespace

Result<> Transmitter::State::check() const {
    // A header of 255 bytes and a segment of 64 KiB.
    constexpr std::size_t kMost = 255 + 65535;
    if (frame.size() > kMost) {
        return user_error(fmt::format("frame: {} bytes are more than a packet has", frame.size()));
    }
    if (!cuts && frame.size() > kMostBytes) {
        return user_error(fmt::format("frame: {} bytes are more than {}", frame.size(), kMostBytes));
    }
    if (cuts && frame.size() > std::size_t{segmenting.header} + segmenting.segment) {
        return user_error(fmt::format("frame: {} bytes are more than a segment has", frame.size()));
    }
    return ok();
}

Transmitter::Transmitter(unsigned queue, RegisterFile& registers, Interrupts& interrupts, const memory::Dma& dma)
    : ring_(reg::kTransmitRing + queue * reg::kNextRing),
      queue_(queue),
      registers_(registers),
      interrupts_(interrupts),
      dma_(dma) {}

bool Transmitter::run(FrameList& frames, unsigned& fuel) {
    const u32 count = registers_.get(ring_ + reg::kRingSize) / kDescriptor;
    const u32 tail = registers_.get(ring_ + reg::kRingTail);
    u32 head = registers_.get(ring_ + reg::kRingHead);
    if (!registers_.has(reg::kTransmit, tctl::kEnable) || head == tail || head >= count || tail >= count) {
        return false;
    }
    const u64 base = registers_.get(ring_) | u64{registers_.get(ring_ + 4)} << 32;
    bool reported = false;
    bool at_once = false;
    for (; head != tail && fuel != 0 && !frames.is_full(); --fuel) {
        const u64 at = base + head * kDescriptor;
        std::array<u8, kDescriptor> bytes{};
        dma_.copy_in({at}, bytes);
        const auto descriptor = std::bit_cast<Descriptor>(bytes);
        take(descriptor, frames);
        head = head + 1 == count ? 0 : head + 1;
        if ((descriptor.command & kReport) != 0) {
            write_back(at, descriptor);
            reported = true;
            at_once = at_once || (descriptor.command & kDelay) == 0;
        }
    }
    registers_.set(ring_ + reg::kRingHead, head);
    const u32 left = head <= tail ? tail - head : tail + count - head;
    // TXDCTL.LWTHRESH (13.4.45), in units of 8 descriptors.
    const u32 low = static_cast<u32>(bits(registers_.get(reg::kTransmitDescriptors), 31, 25)) * 8;
    const u32 causes = (left == 0 ? cause::kTransmitEmpty : 0) | (left <= low && low != 0 ? cause::kTransmitLow : 0);
    if (causes != 0) {
        interrupts_.raise(causes);
    }
    if (reported) {
        interrupts_.raise_transmitted(queue_, at_once);
    }
    return left != 0;
}

void Transmitter::write_back(u64 at, const Descriptor& descriptor) {
    if (const auto slice = dma_.slice({at}, kDescriptor)) {
        slice->store_release<u8>(12, static_cast<u8>(descriptor.fields | kDone));
        dma_.announce_write({at}, kDescriptor);
    }
}

void Transmitter::take(const Descriptor& descriptor, FrameList& frames) {
    const u32 command = descriptor.command;
    const bool extended = (command & kExtension) != 0;
    if (extended && type_of(command) != kTypeData) {
        if (type_of(command) == kTypeContext) {
            take_context(descriptor);
        }
        return;
    }
    if (!state_.begun) {
        state_.begun = true;
        state_.broken = false;
        state_.cuts = extended && (command & kSegment) != 0;
        // 3.3.7.4: only the first one's count.
        state_.options = extended ? static_cast<u8>(descriptor.fields >> 8) : u8{0};
        state_.segments = 0;
        state_.sent = 0;
        state_.frame.clear();
        state_.broken = state_.cuts && (state_.segmenting.segment == 0 || state_.segmenting.header == 0);
    }
    append(descriptor.address, extended ? command & 0xfffff : command & 0xffff, descriptor, frames);
    if ((command & kEnd) != 0) {
        finish(descriptor, frames);
    }
}

void Transmitter::take_context(const Descriptor& descriptor) {
    const u64 starts = descriptor.address;
    Context& context = (descriptor.command & kSegment) != 0 ? state_.segmenting : state_.plain;
    // A packet that is half cut is lost with the measures that it was begun with.
    state_.broken = state_.broken || (state_.begun && state_.cuts && &context == &state_.segmenting);
    context = {.network_start = static_cast<u8>(starts),
               .network_sum_at = static_cast<u8>(starts >> 8),
               .network_end = static_cast<u16>(starts >> 16),
               .transport_start = static_cast<u8>(starts >> 32),
               .transport_sum_at = static_cast<u8>(starts >> 40),
               .transport_end = static_cast<u16>(starts >> 48),
               .payload = descriptor.command & 0xfffff,
               .header = static_cast<u8>(descriptor.fields >> 8),
               .segment = static_cast<u16>(descriptor.fields >> 16),
               .tcp = (descriptor.command & kContextTcp) != 0,
               .ipv4 = (descriptor.command & kContextIpv4) != 0};
    if (state_.broken) {
        state_.frame.clear();
    }
}

void Transmitter::append(u64 address, u32 size, const Descriptor& descriptor, FrameList& frames) {
    std::vector<u8>& frame = state_.frame;
    const u64 most = state_.cuts ? u64{state_.segmenting.header} + state_.segmenting.segment : kMostBytes;
    while (size != 0 && !state_.broken) {
        const u32 part = static_cast<u32>(std::min<u64>(size, most - frame.size()));
        const std::size_t before = frame.size();
        frame.resize(before + part);
        state_.broken =
            part == 0 || frames.size() > kMostSegments || !dma_.copy_in({address}, std::span(frame).subspan(before));
        address += part;
        size -= part;
        if (!state_.broken && state_.cuts && frame.size() == most) {
            const u32 data = state_.sent + state_.segmenting.segment;
            emit(descriptor, data >= state_.segmenting.payload, frames);
        }
    }
    if (state_.broken) {
        frame.clear();
    }
}

void Transmitter::finish(const Descriptor& descriptor, FrameList& frames) {
    const bool has_rest = !state_.cuts || state_.frame.size() > state_.segmenting.header || state_.segments == 0;
    if (!state_.broken && has_rest) {
        emit(descriptor, true, frames);
    }
    if (state_.cuts && !state_.broken) {
        registers_.count(reg::kSegmented);
    }
    state_.begun = false;
    state_.broken = false;
    state_.frame.clear();
}

void Transmitter::emit(const Descriptor& descriptor, bool is_last, FrameList& frames) {
    const Context& context = state_.cuts ? state_.segmenting : state_.plain;
    const std::span<u8> frame = frames.add(state_.frame);
    if (state_.cuts) {
        const u32 data = static_cast<u32>(frame.size()) - std::min<u32>(context.header, static_cast<u32>(frame.size()));
        network_card::number_segment(frame,
                                     {.network_at = context.network_start,
                                      .is_ipv4 = context.ipv4,
                                      .transport_at = context.transport_start,
                                      .is_tcp = context.tcp},
                                     state_.segments, state_.sent, is_last);
        // 3.5.7: the sum of the pseudo header that the driver has put in lacks the length.
        const u32 at = context.transport_sum_at;
        if ((state_.options & kTransportSum) != 0 && at + 2 <= frame.size() && context.transport_start < frame.size()) {
            const u32 length = static_cast<u32>(frame.size()) - context.transport_start;
            network_card::put_big16(frame, at, network_card::internet_sum(frame.subspan(at, 2), length));
        }
        ++state_.segments;
        state_.sent += data;
        state_.frame.resize(std::min<std::size_t>(state_.frame.size(), context.header));
    }
    const bool legacy = (descriptor.command & kExtension) == 0;
    if ((state_.options & kTransportSum) != 0) {
        put_sum(frame, context.transport_start, context.transport_end == 0 ? 0 : context.transport_end + 1U,
                context.transport_sum_at);
    }
    if ((state_.options & kNetworkSum) != 0) {
        put_sum(frame, context.network_start, context.network_end == 0 ? 0 : context.network_end + 1U,
                context.network_sum_at);
    }
    if (legacy && (descriptor.command & kInsertSum) != 0) {
        // CSS and CSO (3.3.3.1).
        put_sum(frame, descriptor.fields >> 8 & 0xff, 0, descriptor.command >> 16 & 0xff);
    }
    if ((descriptor.command & kTag) != 0 && registers_.has(reg::kControl, ctrl::kVlanMode)) {
        frames.tag_last(static_cast<u16>(registers_.get(reg::kVlanType)), static_cast<u16>(descriptor.fields >> 16));
    }
    if (registers_.has(reg::kTransmit, tctl::kPad)) {
        frames.pad_last(network_card::kShortestFrame);
    }
    count_transmitted(registers_, frames[frames.size() - 1]);
}

}  // namespace kelvin::device::intel
