// SPDX-License-Identifier: Apache-2.0
// The command ring, device slots and contexts (xHCI 1.2, 4.6, 6.2).
#include <algorithm>
#include <array>

#include "base/bits.h"
#include "device/xhci/bytes.h"
#include "device/xhci/xhci.h"

namespace kelvin::device {

using namespace xhci;

namespace {

constexpr u32 kWholeSlot = 1U << 0;
constexpr u32 kControlEndpoint = 1U << 1;
constexpr unsigned kControl = 1;  // device context index of endpoint 0
constexpr unsigned kStateAt = 27;

/// 6.2.3.1: of the type's two lowest bits.
constexpr u32 kIsochronous = 1;

constexpr u64 at_index(u64 context, unsigned index) {
    return context + index * kContextSize;
}

}  // namespace

void Xhci::run() {
    const std::lock_guard lock(lock_);
    scheduled_ = false;
    reset_ports();
    take_news();
    if ((registers_.command & command::kRun) == 0) {
        return;
    }
    unsigned fuel = kFuel;
    fuel = run_commands(fuel);
    fuel = run_endpoints(fuel);
    if (fuel == 0) {
        schedule();
    }
}

/// Endpoints whose devices have something now are as good as rung.
void Xhci::take_news() {
    for (Place& place : places_) {
        for (Slot& slot : registers_.slots) {
            for (unsigned number = 1; place.has != 0 && number < 16; ++number) {
                if (slot.enabled && slot.port == place.number + 1 && (place.has >> number & 1) != 0) {
                    slot.rung |= 1U << (2 * number + 1);
                }
            }
        }
        place.has = 0;
    }
}

/// 4.19.5.
void Xhci::reset_ports() {
    for (unsigned number = 0; number < kPorts2; ++number) {
        if (!wants_reset_.at(number)) {
            continue;
        }
        wants_reset_.at(number) = false;
        if (places_.at(number).device != nullptr) {
            places_.at(number).device->reset();
        }
        u32& port = registers_.ports.at(number);
        port = (port & ~(port::kReset | port::kLink)) | port::kEnabled;
        port_changed(number, port::kResetChange);
    }
}

bool Xhci::read_block(u64 address, Trb& block) const {
    std::array<u8, Trb::kSize> bytes{};
    if (!dma_.copy_in({address}, bytes)) {
        return false;
    }
    block = {address, load_le<u64>(bytes.data()), load_le<u32>(bytes.data() + 8), load_le<u32>(bytes.data() + 12)};
    return true;
}

unsigned Xhci::run_commands(unsigned fuel) {
    Ring& ring = registers_.commands;
    while (fuel != 0 && registers_.commands_run && registers_.command_rung) {
        Trb block;
        if (!read_block(ring.at, block)) {
            registers_.status |= status::kSystemError;
            registers_.commands_run = false;
            break;
        }
        if (block.has(Trb::kCycle) != ring.cycle) {
            registers_.command_rung = false;
            break;
        }
        --fuel;
        if (block.type() == Type::link) {
            ring.at = block.parameter & ~u64{0xf};
            ring.cycle ^= block.has(Trb::kToggle);
            continue;
        }
        ring.at += Trb::kSize;
        const CommandResult result = execute(block);
        send_event(0, {.parameter = block.address,
                       .status = static_cast<u32>(result.code) << 24,
                       .control = static_cast<u32>(Type::command_completion) << 10 | result.slot << 24});
    }
    return fuel;
}

Xhci::CommandResult Xhci::execute(const Trb& command) {
    if (command.type() == Type::no_op_command) {
        return {};
    }
    if (command.type() == Type::enable_slot) {
        return enable_slot();
    }
    const u32 number = command.slot();
    if (number == 0 || number > kSlots || !registers_.slots.at(number).enabled) {
        return {command.type() >= Type::disable_slot && command.type() <= Type::reset_device ? Code::slot_not_enabled
                                                                                             : Code::trb_error,
                number};
    }
    switch (command.type()) {
        case Type::disable_slot:
            registers_.slots.at(number) = {};
            return {Code::success, number};
        case Type::address_device:
            return {address_device(number, command), number};
        case Type::configure_endpoint:
            return {configure(number, command), number};
        case Type::evaluate_context:
            return {evaluate(number, command), number};
        case Type::reset_endpoint:
        case Type::stop_endpoint:
        case Type::set_dequeue:
            return {endpoint_command(number, command), number};
        case Type::reset_device:
            return {reset_device(number), number};
        default:
            return {Code::trb_error, number};
    }
}

Xhci::CommandResult Xhci::enable_slot() {
    for (u32 number = 1; number <= registers_.configure; ++number) {
        Slot& slot = registers_.slots.at(number);
        if (!slot.enabled) {
            slot = {};
            slot.enabled = true;
            return {Code::success, number};
        }
    }
    return {Code::no_slots, 0};
}

std::array<u32, 8> Xhci::load_context(u64 address, bool& sound) const {
    std::array<u8, kContextSize> bytes{};
    sound = dma_.copy_in({address}, bytes) && sound;
    std::array<u32, 8> words{};
    for (unsigned index = 0; index < words.size(); ++index) {
        words.at(index) = load_le<u32>(bytes.data() + std::size_t{4} * index);
    }
    return words;
}

void Xhci::store_context(u64 address, const std::array<u32, 8>& words) const {
    std::array<u8, kContextSize> bytes{};
    for (unsigned index = 0; index < words.size(); ++index) {
        store_le(bytes.data() + std::size_t{4} * index, words.at(index));
    }
    (void)dma_.copy_out({address}, bytes);  // where no RAM is, nothing is kept
}

bus::usb::Function* Xhci::device_of(const Slot& slot) const {
    const bool is_there = slot.port != 0 && (registers_.ports.at(slot.port - 1U) & port::kEnabled) != 0;
    return is_there ? places_.at(slot.port - 1U).device : nullptr;
}

/// From the input context at `context`, which gives its ring; isochronous ones are not offered.
bool Xhci::take_endpoint(Slot& slot, unsigned index, u64 context) {
    bool sound = true;
    std::array<u32, 8> words = load_context(context, sound);
    const u32 type = words[1] >> 3 & 7;
    const bool is_control = type == 4;
    if (!sound || type == 0 || type % 4 == kIsochronous || is_control != (index == kControl) ||
        (!is_control && (type > 4) != (index % 2 == 1))) {
        return false;
    }
    const u64 ring = words[2] | u64{words[3]} << 32;
    slot.endpoints.at(index) = {.state = static_cast<u8>(EndpointState::running),
                                .sends = type > 4,
                                .ring = {.at = ring & ~u64{0xf}, .cycle = (ring & 1) != 0}};
    store_context(at_index(slot.context, index), words);
    put_endpoint(slot, index);
    return true;
}

/// State and ring, into the output context.
void Xhci::put_endpoint(Slot& slot, unsigned index) {
    bool sound = true;
    std::array<u32, 8> words = load_context(at_index(slot.context, index), sound);
    const Endpoint& endpoint = slot.endpoints.at(index);
    words[0] = (words[0] & ~u32{7}) | endpoint.state;
    words[2] = static_cast<u32>(endpoint.ring.at) | (endpoint.ring.cycle ? 1 : 0);
    words[3] = static_cast<u32>(endpoint.ring.at >> 32);
    if (sound) {
        store_context(at_index(slot.context, index), words);
    }
}

void Xhci::drop_endpoints(Slot& slot, unsigned from) {
    for (unsigned index = from; index < kEndpoints; ++index) {
        if (slot.endpoints.at(index).is() != EndpointState::disabled) {
            slot.endpoints.at(index) = {};
            put_endpoint(slot, index);
        }
        slot.rung &= ~(1U << index);
    }
}

/// 4.6.5.
Code Xhci::address_device(unsigned number, const Trb& command) {
    Slot& slot = registers_.slots.at(number);
    const u64 input = command.parameter & ~u64{0xf};
    bool sound = true;
    const auto control = load_context(input, sound);
    auto words = load_context(at_index(input, 1), sound);
    std::array<u8, 8> pointer{};
    sound = dma_.copy_in({registers_.contexts + u64{8} * number}, pointer) && sound;
    const u64 output = load_le<u64>(pointer.data());
    const u32 port = words[1] >> 16 & 0xff;
    constexpr u32 kRoute = 0xfffff;
    if (!sound || output % 64 != 0 || (control[1] & 3) != (kWholeSlot | kControlEndpoint) || port == 0 ||
        port > kPorts2 || (words[0] & kRoute) != 0) {
        return Code::trb_error;
    }
    slot.context = output;
    slot.port = static_cast<u8>(port);
    if (device_of(slot) == nullptr) {
        return Code::transaction_error;
    }
    const bool blocks_request = command.has(Trb::kFlag);
    drop_endpoints(slot, 0);
    words[3] = static_cast<u32>(blocks_request ? SlotState::default_ : SlotState::addressed) << kStateAt |
               (blocks_request ? 0 : number);
    store_context(output, words);
    return take_endpoint(slot, kControl, at_index(input, 2)) ? Code::success : Code::parameter_error;
}

/// 4.6.6.
Code Xhci::configure(unsigned number, const Trb& command) {
    Slot& slot = registers_.slots.at(number);
    if (slot.endpoints[kControl].is() == EndpointState::disabled) {
        return Code::context_state_error;
    }
    bool sound = true;
    auto words = load_context(slot.context, sound);
    u32 entries = 1;
    if (command.has(Trb::kFlag)) {
        drop_endpoints(slot, kControl + 1);
    } else {
        const u64 input = command.parameter & ~u64{0xf};
        const auto control = load_context(input, sound);
        entries = load_context(at_index(input, 1), sound)[0] >> kStateAt;
        if (!sound || (control[0] & 3) != 0 || (control[1] & 3) != kWholeSlot) {
            return Code::trb_error;
        }
        for (unsigned index = kControl + 1; index < kEndpoints; ++index) {
            if (((control[0] | control[1]) >> index & 1) != 0) {
                slot.endpoints.at(index) = {};
                slot.rung &= ~(1U << index);
                put_endpoint(slot, index);
            }
            if ((control[1] >> index & 1) != 0 && !take_endpoint(slot, index, at_index(input, index + 1))) {
                return Code::parameter_error;
            }
        }
    }
    const bool is_configured = std::any_of(slot.endpoints.begin() + kControl + 1, slot.endpoints.end(),
                                           [](const Endpoint& each) { return each.is() != EndpointState::disabled; });
    words[0] = (words[0] & static_cast<u32>(low_mask(kStateAt))) | entries << kStateAt;
    words[3] = (words[3] & static_cast<u32>(low_mask(kStateAt))) |
               static_cast<u32>(is_configured ? SlotState::configured : SlotState::addressed) << kStateAt;
    store_context(slot.context, words);
    return Code::success;
}

/// 4.6.7: latency and interrupter of the slot, packet size of endpoint 0.
Code Xhci::evaluate(unsigned number, const Trb& command) {
    const Slot& slot = registers_.slots.at(number);
    if (slot.endpoints[kControl].is() == EndpointState::disabled) {
        return Code::context_state_error;
    }
    const u64 input = command.parameter & ~u64{0xf};
    bool sound = true;
    const auto control = load_context(input, sound);
    const auto new_slot = load_context(at_index(input, 1), sound);
    const auto new_endpoint = load_context(at_index(input, 2), sound);
    auto words = load_context(slot.context, sound);
    auto endpoint = load_context(at_index(slot.context, kControl), sound);
    if (!sound || control[0] != 0 || (control[1] & ~u32{3}) != 0) {
        return Code::trb_error;
    }
    if ((control[1] & kWholeSlot) != 0) {
        words[1] = (words[1] & ~u32{0xffff}) | (new_slot[1] & 0xffff);
        words[2] = (words[2] & static_cast<u32>(low_mask(22))) | (new_slot[2] & ~static_cast<u32>(low_mask(22)));
        store_context(slot.context, words);
    }
    if ((control[1] & kControlEndpoint) != 0) {
        endpoint[1] = (endpoint[1] & 0xffff) | (new_endpoint[1] & 0xffff0000);
        store_context(at_index(slot.context, kControl), endpoint);
    }
    return Code::success;
}

/// 4.6.8 to 4.6.10.
Code Xhci::endpoint_command(unsigned number, const Trb& command) {
    Slot& slot = registers_.slots.at(number);
    const u32 index = command.endpoint();
    if (index == 0) {
        return Code::trb_error;
    }
    Endpoint& endpoint = slot.endpoints.at(index);
    if (endpoint.is() == EndpointState::disabled) {
        return Code::endpoint_not_enabled;
    }
    EndpointState wanted = EndpointState::running;
    if (command.type() == Type::reset_endpoint) {
        wanted = EndpointState::halted;
    } else if (command.type() == Type::set_dequeue) {
        wanted = endpoint.is() == EndpointState::error ? EndpointState::error : EndpointState::stopped;
    }
    if (endpoint.is() != wanted) {
        return Code::context_state_error;
    }
    if (command.type() == Type::set_dequeue) {
        endpoint.ring = {.at = command.parameter & ~u64{0xf}, .cycle = (command.parameter & 1) != 0};
    }
    endpoint.state = static_cast<u8>(EndpointState::stopped);
    slot.rung &= ~(1U << index);
    put_endpoint(slot, index);
    return Code::success;
}

/// 4.6.11.
Code Xhci::reset_device(unsigned number) {
    Slot& slot = registers_.slots.at(number);
    if (slot.endpoints[kControl].is() == EndpointState::disabled) {
        return Code::context_state_error;
    }
    drop_endpoints(slot, kControl + 1);
    bool sound = true;
    auto words = load_context(slot.context, sound);
    words[0] = (words[0] & static_cast<u32>(low_mask(kStateAt))) | 1U << kStateAt;
    words[3] = static_cast<u32>(SlotState::default_) << kStateAt;
    store_context(slot.context, words);
    return Code::success;
}

}  // namespace kelvin::device
