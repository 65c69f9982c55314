// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/pic_8259.h"

#include "base/bits.h"

namespace kelvin::device {

namespace {

using Chip = Pic8259::Chip;

constexpr unsigned kNone = 8;
constexpr unsigned kSpurious = 7;

// ICW1 and the bits that tell the words at the first port apart (figures 7 and 8).
constexpr u8 kInitialize = 0x10;
constexpr u8 kWantsWord4 = 0x01;
constexpr u8 kSingle = 0x02;
constexpr u8 kAllLevel = 0x08;
constexpr u8 kIsWord3 = 0x08;  // OCW3 rather than OCW2

// OCW3.
constexpr u8 kReadInService = 0x01;
constexpr u8 kReadRegister = 0x02;
constexpr u8 kPoll = 0x04;
constexpr u8 kSpecialMask = 0x20;
constexpr u8 kEnableSpecialMask = 0x40;

// ICW4.
constexpr u8 kAutomaticEnd = 0x02;
constexpr u8 kSpecialFullyNested = 0x10;

/// Of the chipset, ELCR1 and ELCR2: the timer, keyboard, cascade, clock and coprocessor are edges always.
constexpr u8 kMayBeLevel[2] = {0xf8, 0xde};

constexpr u8 bit_of(unsigned number) {
    return static_cast<u8>(1U << number);
}

u8 levels(const Chip& chip) {
    return chip.all_level ? u8{0xff} : chip.level_triggered;
}

/// How far `number` is below the highest priority, 0 to 7.
unsigned rank(const Chip& chip, unsigned number) {
    return (number - chip.lowest - 1U) & 7U;
}

/// The one of `inputs` with the highest priority, or kNone.
unsigned first_of(const Chip& chip, u8 inputs) {
    for (unsigned place = 0; place < 8; ++place) {
        const unsigned number = (chip.lowest + 1U + place) & 7U;
        if (bit(inputs, number)) {
            return number;
        }
    }
    return kNone;
}

/// The request that the chip would give to the processor now, or kNone: one that is above all that is in service.
unsigned pending(const Chip& chip, bool is_first) {
    const unsigned wanted = first_of(chip, static_cast<u8>(chip.requests & ~chip.mask));
    if (wanted == kNone) {
        return kNone;
    }
    u8 inhibiting = chip.in_service;
    if (chip.special_mask) {
        inhibiting &= static_cast<u8>(~chip.mask);
    }
    if (is_first && chip.special_fully_nested) {
        inhibiting &= static_cast<u8>(~bit_of(Pic8259::kCascade));
    }
    const unsigned served = first_of(chip, inhibiting);
    return served == kNone || rank(chip, wanted) < rank(chip, served) ? wanted : kNone;
}

void set_line(Chip& chip, unsigned number, bool level) {
    const u8 which = bit_of(number);
    const bool rises = level && (chip.lines & which) == 0;
    chip.lines = static_cast<u8>(level ? chip.lines | which : chip.lines & ~which);
    if ((levels(chip) & which) != 0) {
        chip.requests = static_cast<u8>(level ? chip.requests | which : chip.requests & ~which);
    } else if (rises) {
        chip.requests |= which;
    }
}

void take(Chip& chip, unsigned number) {
    if ((levels(chip) & bit_of(number)) == 0) {
        chip.requests &= static_cast<u8>(~bit_of(number));
    }
    if (!chip.automatic_end) {
        chip.in_service |= bit_of(number);
    } else if (chip.rotates_on_automatic_end) {
        chip.lowest = static_cast<u8>(number);
    }
}

/// "Initialization sequence", a to f. Latched edges are gone; lines that are high at a level input still ask.
void initialize(Chip& chip, u8 word) {
    const u8 level_triggered = chip.level_triggered;
    const u8 lines = chip.lines;
    chip = {};
    chip.level_triggered = level_triggered;
    chip.lines = lines;
    chip.all_level = (word & kAllLevel) != 0;
    chip.single = (word & kSingle) != 0;
    chip.wants_word4 = (word & kWantsWord4) != 0;
    chip.requests = lines & levels(chip);
    chip.expected_word = 2;
}

void go_on_initializing(Chip& chip, u8 word) {
    switch (chip.expected_word) {
        case 2:
            chip.vector = word & 0xf8;
            chip.expected_word = chip.single ? (chip.wants_word4 ? 4 : 0) : 3;
            break;
        case 3:  // who is connected where is the board's choice
            chip.expected_word = chip.wants_word4 ? 4 : 0;
            break;
        default:
            chip.special_fully_nested = (word & kSpecialFullyNested) != 0;
            chip.automatic_end = (word & kAutomaticEnd) != 0;
            chip.expected_word = 0;
    }
}

/// OCW2: ends of interrupts and rotations.
void command(Chip& chip, u8 word) {
    const u8 named = word & 7;
    // The bit that a non-specific end resets: in special mask mode not one that is masked.
    const u8 candidates = chip.special_mask ? static_cast<u8>(chip.in_service & ~chip.mask) : chip.in_service;
    const unsigned highest = first_of(chip, candidates);
    switch (word >> 5) {
        case 0b000:
        case 0b100:
            chip.rotates_on_automatic_end = word >> 5 == 0b100;
            break;
        case 0b001:
        case 0b101:
            if (highest != kNone) {
                chip.in_service &= static_cast<u8>(~bit_of(highest));
                chip.lowest = word >> 5 == 0b101 ? static_cast<u8>(highest) : chip.lowest;
            }
            break;
        case 0b011:
            chip.in_service &= static_cast<u8>(~bit_of(named));
            break;
        case 0b110:
            chip.lowest = named;
            break;
        case 0b111:
            chip.in_service &= static_cast<u8>(~bit_of(named));
            chip.lowest = named;
            break;
        default:
            break;
    }
}

void choose(Chip& chip, u8 word) {
    if ((word & kPoll) != 0) {
        chip.polled = true;
    } else if ((word & kReadRegister) != 0) {
        chip.reads_in_service = (word & kReadInService) != 0;
    }
    if ((word & kEnableSpecialMask) != 0) {
        chip.special_mask = (word & kSpecialMask) != 0;
    }
}

}  // namespace

Pic8259::Pic8259(Wire interrupt) : interrupt_(interrupt) {
    for (unsigned chip = 0; chip < 2; ++chip) {
        ports_[chip].pic = this;
        ports_[chip].chip = chip;
    }
    edge_or_level_.pic = this;
    for (unsigned number = 0; number < kInputs; ++number) {
        inputs_[number] = {this, number};
    }
}

Wire Pic8259::input(unsigned number) {
    return number < kInputs && number != kCascade ? wire_to<&Input::set>(inputs_[number]) : Wire();
}

void Pic8259::reset() {
    const std::lock_guard lock(lock_);
    for (Chip& chip : state_.chips) {
        const u8 lines = chip.lines;
        chip = {};
        chip.lines = lines;
    }
    update();
}

Pic8259::State Pic8259::save() const {
    const std::lock_guard lock(lock_);
    return state_;
}

void Pic8259::restore(const State& state) {
    const std::lock_guard lock(lock_);
    state_ = state;
    for (unsigned index = 0; index < 2; ++index) {
        Chip& chip = state_.chips[index];
        chip.level_triggered &= kMayBeLevel[index];
        chip.vector &= 0xf8;
        chip.lowest &= 7;
        chip.expected_word = chip.expected_word > 4 || chip.expected_word == 1 ? u8{0} : chip.expected_word;
    }
    update();
}

void Pic8259::drive(unsigned number, bool level) {
    const std::lock_guard lock(lock_);
    set_line(state_.chips[number / 8], number % 8, level);
    update();
}

/// The second chip's output to the first one's input, and the first one's to the processor.
void Pic8259::update() {
    set_line(state_.chips[0], kCascade, pending(state_.chips[1], false) != kNone);
    const bool level = pending(state_.chips[0], true) != kNone;
    if (level != interrupt_driven_) {
        interrupt_driven_ = level;
        interrupt_.set(level);
    }
}

bool Pic8259::interrupts() const {
    const std::lock_guard lock(lock_);
    return interrupt_driven_;
}

u8 Pic8259::acknowledge() {
    const std::lock_guard lock(lock_);
    auto& [first, second] = state_.chips;
    const unsigned number = pending(first, true);
    if (number == kNone) {
        return static_cast<u8>(first.vector | kSpurious);
    }
    take(first, number);
    if (number != kCascade) {
        update();
        return static_cast<u8>(first.vector | number);
    }
    const unsigned behind = pending(second, false);
    if (behind != kNone) {
        take(second, behind);
    }
    // Its output falls with the acknowledgement, so that a request that is left makes another edge.
    set_line(first, kCascade, false);
    update();
    return static_cast<u8>(second.vector | (behind != kNone ? behind : kSpurious));
}

/// A poll is the acknowledgement of one chip (the datasheet's "Poll command").
u8 Pic8259::read(unsigned index, u64 offset) {
    const std::lock_guard lock(lock_);
    Chip& chip = state_.chips[index];
    if (chip.polled) {
        chip.polled = false;
        const unsigned number = pending(chip, index == 0);
        if (number == kNone) {
            return 0;
        }
        take(chip, number);
        update();
        return static_cast<u8>(0x80 | number);
    }
    if (offset != 0) {
        return chip.mask;
    }
    return chip.reads_in_service ? chip.in_service : chip.requests;
}

void Pic8259::write(unsigned index, u64 offset, u8 value) {
    const std::lock_guard lock(lock_);
    Chip& chip = state_.chips[index];
    if (offset != 0 && chip.expected_word != 0) {
        go_on_initializing(chip, value);
    } else if (offset != 0) {
        chip.mask = value;
    } else if ((value & kInitialize) != 0) {
        initialize(chip, value);
    } else if ((value & kIsWord3) != 0) {
        choose(chip, value);
    } else {
        command(chip, value);
    }
    update();
}

u8 Pic8259::read_edge_or_level(u64 offset) {
    const std::lock_guard lock(lock_);
    return state_.chips[offset & 1].level_triggered;
}

/// An input that becomes one of levels asks while it is high; one of edges keeps what it has asked for.
void Pic8259::write_edge_or_level(u64 offset, u8 value) {
    const std::lock_guard lock(lock_);
    Chip& chip = state_.chips[offset & 1];
    chip.level_triggered = value & kMayBeLevel[offset & 1];
    const u8 by_level = levels(chip);
    chip.requests = static_cast<u8>((chip.requests & ~by_level) | (chip.lines & by_level));
    update();
}

}  // namespace kelvin::device
