// SPDX-License-Identifier: Apache-2.0
// The ITS's commands: IHI 0069, section 5.3. One with an error is ignored, as 5.3.2 lets an ITS do that reports none.
#include <cstring>

#include "base/bits.h"
#include "device/interrupt_controller/its.h"

namespace kelvin::device {

namespace {

constexpr u64 kCommandSize = 32;

/// Commands that one access to a register executes: the lock is held meanwhile, and each may search all that is
/// pending. The rest waits for the next access, which is the guest's look at GITS_CREADR.
constexpr unsigned kFuel = 128;

enum class Opcode : u8 {
    movi = 0x01,
    interrupt = 0x03,
    clear = 0x04,
    sync = 0x05,
    mapd = 0x08,
    mapc = 0x09,
    mapti = 0x0a,
    mapi = 0x0b,
    inv = 0x0c,
    invall = 0x0d,
    movall = 0x0e,
    discard = 0x0f,
};

u32 device_of(const std::array<u64, 4>& command) {
    return static_cast<u32>(command[0] >> 32);
}
u32 event_of(const std::array<u64, 4>& command) {
    return static_cast<u32>(command[1]);
}
u16 collection_of(const std::array<u64, 4>& command) {
    return static_cast<u16>(command[2]);
}
bool valid(const std::array<u64, 4>& command) {
    return bit(command[2], 63);
}
/// RDbase: a processor's number, as GITS_TYPER.PTA is 0.
u64 processor_in(u64 word) {
    return bits(word, 50, 16);
}

}  // namespace

void Its::run_commands() {
    const u64 size = (bits(state_.command_base, 7, 0) + 1) * 0x1000;
    const Gpa base{state_.command_base & 0x000f'ffff'ffff'f000};
    if (!state_.enabled || state_.stalled || !bit(state_.command_base, 63) || state_.written >= size) {
        return;
    }
    for (unsigned fuel = kFuel; fuel != 0 && state_.read != state_.written; --fuel) {
        std::array<u8, kCommandSize> bytes{};
        if (!dma_.copy_in(base + state_.read, bytes)) {
            state_.stalled = true;
            return;
        }
        Command command{};
        std::memcpy(command.data(), bytes.data(), sizeof command);
        execute(command);
        state_.read = static_cast<u32>((state_.read + kCommandSize) % size);
    }
}

void Its::execute(const Command& command) {
    switch (Opcode{static_cast<u8>(command[0])}) {
        case Opcode::movi:
            return move_event(command);
        case Opcode::interrupt:
            return with_target(command, &Gicv3::set_lpi);
        case Opcode::clear:
            return with_target(command, &Gicv3::clear_lpi);
        case Opcode::sync:
            return;  // each command is complete when it is executed
        case Opcode::mapd:
            return map_device(command);
        case Opcode::mapc:
            return map_collection(command);
        case Opcode::mapti:
        case Opcode::mapi:
            return map_event(command);
        case Opcode::inv:
            return with_target(command, &Gicv3::reload_lpi);
        case Opcode::invall:
            return reload_collection(command);
        case Opcode::movall:
            return move_all(command);
        case Opcode::discard:
            return discard(command);
    }
}

void Its::map_device(const Command& command) {
    const unsigned event_bits = static_cast<unsigned>(bits(command[1], 4, 0)) + 1;
    std::optional<ItsTables::Device> device;
    if (valid(command)) {
        if (event_bits > ItsTables::kEventBits) {
            return;
        }
        device = ItsTables::Device{Gpa{command[2] & 0x000f'ffff'ffff'ff00}, event_bits};
    }
    tables_.set_device(state_.devices, device_of(command), device);
    forget_all();
}

void Its::map_collection(const Command& command) {
    const u64 processor = processor_in(command[2]);
    if (!valid(command)) {
        tables_.set_collection(state_.collections, collection_of(command), std::nullopt);
    } else if (processor < gic_.processors()) {
        tables_.set_collection(state_.collections, collection_of(command), static_cast<u16>(processor));
    }
    forget_all();
}

/// MAPTI names the interrupt; MAPI's is the event.
void Its::map_event(const Command& command) {
    const bool named = Opcode{static_cast<u8>(command[0])} == Opcode::mapti;
    const u32 intid = named ? static_cast<u32>(command[1] >> 32) : event_of(command);
    const auto device = tables_.device(state_.devices, device_of(command));
    if (device && intid >= Lpis::kFirst && intid < Lpis::kEnd) {
        tables_.set_translation(*device, event_of(command), ItsTables::Translation{intid, collection_of(command)});
        forget(device_of(command), event_of(command));
    }
}

void Its::move_event(const Command& command) {
    const auto device = tables_.device(state_.devices, device_of(command));
    const auto old = device ? tables_.translation(*device, event_of(command)) : std::nullopt;
    const auto target = processor_of(collection_of(command));
    const auto source = old ? processor_of(old->collection) : std::nullopt;
    if (!source || !target) {
        return;
    }
    tables_.set_translation(*device, event_of(command), ItsTables::Translation{old->intid, collection_of(command)});
    forget(device_of(command), event_of(command));
    gic_.move_lpi(*source, *target, old->intid);
}

void Its::move_all(const Command& command) {
    const u64 source = processor_in(command[2]);
    const u64 target = processor_in(command[3]);
    if (source < gic_.processors() && target < gic_.processors()) {
        gic_.move_all_lpis(static_cast<unsigned>(source), static_cast<unsigned>(target));
    }
}

void Its::reload_collection(const Command& command) {
    if (const auto processor = processor_of(collection_of(command))) {
        gic_.reload_lpis(*processor);
    }
}

void Its::discard(const Command& command) {
    const u32 event = event_of(command);
    const auto device = tables_.device(state_.devices, device_of(command));
    if (!device) {
        return;
    }
    with_target(command, &Gicv3::clear_lpi);
    tables_.set_translation(*device, event, std::nullopt);
    forget(device_of(command), event);
}

/// What commands do to the interrupt of a mapped event.
void Its::with_target(const Command& command, void (Gicv3::*action)(unsigned cpu, u32 intid)) {
    if (const auto target = look_up(device_of(command), event_of(command))) {
        (gic_.*action)(target->processor, target->intid);
    }
}

}  // namespace kelvin::device
