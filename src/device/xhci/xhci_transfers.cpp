// SPDX-License-Identifier: Apache-2.0
// Transfer rings (xHCI 1.2, 4.10 and 4.11).
#include <algorithm>
#include <array>

#include "device/xhci/bytes.h"
#include "device/xhci/xhci.h"

namespace kelvin::device {

using namespace xhci;
using bus::usb::Answer;
using bus::usb::Outcome;

namespace {

constexpr unsigned kControl = 1;
constexpr u32 kEventData = 1U << 2;  // in a transfer event: it is an event data block's

bool has_data(const Trb& block) {
    return block.type() == Type::normal || block.type() == Type::data;
}

}  // namespace

unsigned Xhci::run_endpoints(unsigned fuel) {
    for (unsigned number = 1; number <= kSlots; ++number) {
        for (unsigned index = 1; registers_.slots.at(number).rung != 0 && index < kEndpoints; ++index) {
            while ((registers_.slots.at(number).rung >> index & 1) != 0 && fuel != 0) {
                --fuel;
                if (!run_endpoint(number, index)) {
                    registers_.slots.at(number).rung &= ~(1U << index);
                }
            }
        }
    }
    return fuel;
}

bool Xhci::run_endpoint(unsigned number, unsigned index) {
    Slot& slot = registers_.slots.at(number);
    Endpoint& endpoint = slot.endpoints.at(index);
    if (endpoint.is() == EndpointState::stopped) {
        endpoint.state = static_cast<u8>(EndpointState::running);
        put_endpoint(slot, index);
    }
    if (endpoint.is() != EndpointState::running) {
        return false;
    }
    Transfer transfer;
    const Found found = collect(endpoint, index == kControl, transfer);
    if (found == Found::nothing) {
        return false;
    }
    if (found == Found::broken) {
        fail(number, index, transfer.blocks.empty() ? Trb{.address = endpoint.ring.at} : transfer.blocks.back(),
             Code::trb_error);
        return false;
    }
    bus::usb::Function* const device = device_of(slot);
    if (device == nullptr) {
        fail(number, index, transfer.blocks.front(), Code::transaction_error);
        return false;
    }
    bool memory_fault = false;
    const Outcome outcome = move(*device, index, transfer, memory_fault);
    if (memory_fault) {
        fail(number, index, transfer.blocks.front(), Code::trb_error);
        return false;
    }
    if (outcome.answer == Answer::not_yet) {
        return false;
    }
    if (outcome.answer == Answer::stall) {
        const std::size_t at = index == kControl && transfer.blocks.size() > 1 ? 1 : 0;
        fail(number, index, transfer.blocks.at(at), Code::stall);
        return false;
    }
    endpoint.ring = transfer.behind;
    complete(number, index, transfer, outcome.moved);
    return true;
}

/// All blocks of a transfer: as far as they are chained; of a control transfer, to the end of its status stage.
Xhci::Found Xhci::collect(const Endpoint& endpoint, bool is_control, Transfer& transfer) const {
    Ring ring = endpoint.ring;
    bool seen_status = false;
    for (unsigned count = 0; count < kMostBlocks; ++count) {
        Trb block;
        if (!read_block(ring.at, block)) {
            return Found::broken;
        }
        if (block.has(Trb::kCycle) != ring.cycle) {
            return Found::nothing;
        }
        if (block.type() == Type::link) {
            ring.at = block.parameter & ~u64{0xf};
            ring.cycle ^= block.has(Trb::kToggle);
            continue;
        }
        ring.at += Trb::kSize;
        transfer.blocks.push_back(block);
        if (has_data(block)) {
            transfer.bytes += block.length();
        }
        if (transfer.bytes > kMostBytes) {
            return Found::broken;
        }
        const Type first = transfer.blocks.front().type();
        const bool is_alone = first == Type::no_op || first == Type::event_data;
        if (is_control && !is_alone && (first != Type::setup || !transfer.blocks.front().has(Trb::kImmediate))) {
            return Found::broken;
        }
        seen_status = seen_status || block.type() == Type::status;
        if (!block.has(Trb::kChain) && (!is_control || is_alone || seen_status)) {
            transfer.behind = ring;
            return Found::whole;
        }
    }
    return Found::broken;
}

bool Xhci::gather(const Transfer& transfer, std::span<u8> data) const {
    for (const Trb& block : transfer.blocks) {
        if (!has_data(block) || data.empty()) {
            continue;
        }
        const std::size_t size = std::min<std::size_t>(block.length(), data.size());
        if (block.has(Trb::kImmediate)) {
            std::array<u8, 8> bytes{};
            store_le(bytes.data(), block.parameter);
            if (size > bytes.size()) {
                return false;
            }
            std::copy_n(bytes.begin(), size, data.begin());
        } else if (!dma_.copy_in({block.parameter}, data.first(size))) {
            return false;
        }
        data = data.subspan(size);
    }
    return true;
}

bool Xhci::scatter(const Transfer& transfer, std::span<const u8> data) const {
    for (const Trb& block : transfer.blocks) {
        if (!has_data(block) || data.empty()) {
            continue;
        }
        const std::size_t size = std::min<std::size_t>(block.length(), data.size());
        if (block.has(Trb::kImmediate) || !dma_.copy_out({block.parameter}, data.first(size))) {
            return false;
        }
        data = data.subspan(size);
    }
    return true;
}

Outcome Xhci::move(bus::usb::Function& device, unsigned index, const Transfer& transfer, bool& memory_fault) {
    const Type first = transfer.blocks.front().type();
    if (first == Type::no_op || first == Type::event_data) {
        return {Answer::done, 0};
    }
    std::vector<u8> data(transfer.bytes);
    if (index != kControl) {
        if (index % 2 == 0) {
            memory_fault = !gather(transfer, data);
            return memory_fault ? Outcome{} : device.write(index / 2, data);
        }
        const Outcome outcome = device.read(index / 2, data);
        memory_fault = outcome.answer == Answer::done && !scatter(transfer, std::span(data).first(outcome.moved));
        return outcome;
    }
    const u64 packed = transfer.blocks.front().parameter;
    const bus::usb::Setup setup = {static_cast<u8>(packed), static_cast<u8>(packed >> 8),
                                   static_cast<u16>(packed >> 16), static_cast<u16>(packed >> 32),
                                   static_cast<u16>(packed >> 48)};
    data.resize(std::min<std::size_t>(data.size(), setup.length));
    memory_fault = !setup.is_in() && !gather(transfer, data);
    if (memory_fault) {
        return {};
    }
    const Outcome outcome = device.control(setup, data);
    if (setup.is_in() && outcome.answer == Answer::done) {
        memory_fault = !scatter(transfer, std::span(data).first(outcome.moved));
    }
    return setup.is_in() || outcome.answer != Answer::done ? outcome : Outcome{Answer::done, data.size()};
}

/// 4.10.1: an event for a block that asks for it, and for the one at which less came than it has room for.
void Xhci::complete(unsigned number, unsigned index, const Transfer& transfer, u64 moved) {
    u64 left = moved;
    u64 counted = 0;  // since the last event data block
    bool was_short = false;
    for (const Trb& block : transfer.blocks) {
        const bool is_short = was_short;
        u64 here = 0;
        if (has_data(block)) {
            here = std::min<u64>(left, block.length());
            left -= here;
            counted += here;
            was_short = was_short || here < block.length();
        }
        const Code code = was_short && block.type() != Type::status ? Code::short_packet : Code::success;
        if (block.type() == Type::event_data) {
            if (block.has(Trb::kInterrupts)) {
                send_event(block.interrupter(),
                           {.parameter = block.parameter,
                            .status = static_cast<u32>(code) << 24 | static_cast<u32>(counted & 0xffffff),
                            .control = static_cast<u32>(Type::transfer_event) << 10 | kEventData | index << 16 |
                                       number << 24});
            }
            counted = 0;
            continue;
        }
        const bool becomes_short = !is_short && was_short;
        if ((becomes_short && block.has(Trb::kShortInterrupts)) ||
            (block.has(Trb::kInterrupts) && (!is_short || !has_data(block)))) {
            transfer_event(number, index, block, has_data(block) ? static_cast<u32>(block.length() - here) : 0, code);
        }
    }
}

void Xhci::transfer_event(unsigned number, unsigned index, const Trb& block, u32 left, Code code) {
    send_event(block.interrupter(),
               {.parameter = block.address,
                .status = static_cast<u32>(code) << 24 | left,
                .control = static_cast<u32>(Type::transfer_event) << 10 | index << 16 | number << 24});
}

/// 4.10.2: the endpoint halts at the transfer.
void Xhci::fail(unsigned number, unsigned index, const Trb& block, Code code) {
    Slot& slot = registers_.slots.at(number);
    slot.endpoints.at(index).state =
        static_cast<u8>(code == Code::trb_error ? EndpointState::error : EndpointState::halted);
    put_endpoint(slot, index);
    transfer_event(number, index, block, has_data(block) ? block.length() : 0, code);
}

}  // namespace kelvin::device
