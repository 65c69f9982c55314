// SPDX-License-Identifier: Apache-2.0
#include "device/isa_devices/isa_debug_console.h"
#include "device/isa_devices/isa_options.h"
#include "device/isa_devices/isa_parallel.h"
#include "device/isa_devices/isa_serial.h"

namespace kelvin::device {

namespace {

constexpr u16 kSerialPlaces[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
constexpr u32 kSerialInterrupts[] = {4, 3, 4, 3};
constexpr u16 kParallelPlaces[] = {0x378, 0x278, 0x3bc};
constexpr u32 kParallelInterrupts[] = {7, 5, 7};

constexpr u64 kData = 0;
constexpr u64 kStatus = 1;
constexpr u64 kControl = 2;

// The printer's lines as the status has them; busy is inverted.
constexpr u8 kNotBusy = 0x80;
constexpr u8 kNoAcknowledge = 0x40;
constexpr u8 kOutOfPaper = 0x20;
constexpr u8 kSelected = 0x10;
constexpr u8 kNoError = 0x08;
constexpr u8 kStatusUnused = 0x07;

constexpr u8 kStrobe = 0x01;
constexpr u8 kInterruptEnable = 0x10;
constexpr u8 kControlBits = 0x3f;
constexpr u8 kControlUnused = 0xc0;

}  // namespace

Result<std::unique_ptr<IsaSerial>> IsaSerial::create(const Options& options, const bus::Surroundings& surroundings) {
    const u16 base = KELVIN_TRY(choose_base(options.iobase, options.index, kSerialPlaces, Uart16550::kSize));
    const u32 usual = options.index < std::size(kSerialInterrupts) ? kSerialInterrupts[options.index] : 3;
    backend::CharacterBackend* const line = KELVIN_TRY(claim_line(options.chardev, surroundings));
    return std::make_unique<IsaSerial>(base, options.irq.value_or(usual), line);
}

Result<std::unique_ptr<IsaParallel>> IsaParallel::create(const Options& options,
                                                         const bus::Surroundings& surroundings) {
    const u16 base = KELVIN_TRY(choose_base(options.iobase, options.index, kParallelPlaces, kPorts));
    backend::CharacterBackend* const line = KELVIN_TRY(claim_line(options.chardev, surroundings));
    const u32 usual = options.index < std::size(kParallelInterrupts) ? kParallelInterrupts[options.index] : 7;
    return std::make_unique<IsaParallel>(base, options.irq.value_or(usual), line);
}

Result<std::unique_ptr<IsaDebugConsole>> IsaDebugConsole::create(const Options& options,
                                                                 const bus::Surroundings& surroundings) {
    const u16 base = KELVIN_TRY(choose_base(options.iobase, 0, {}, 1));
    backend::CharacterBackend* const line = KELVIN_TRY(claim_line(options.chardev, surroundings));
    return std::make_unique<IsaDebugConsole>(base, options.readback, line);
}

void IsaParallel::reset() {
    const std::lock_guard lock(lock_);
    state_ = {};
}

IsaParallel::State IsaParallel::save() const {
    const std::lock_guard lock(lock_);
    return state_;
}

void IsaParallel::restore(const State& state) {
    const std::lock_guard lock(lock_);
    state_ = state;
    state_.control &= kControlBits;
}

u8 IsaParallel::read_byte(u64 offset) {
    const std::lock_guard lock(lock_);
    if (offset == kData) {
        return state_.data;
    }
    if (offset == kStatus) {
        const u8 printer = line_ != nullptr ? kSelected | kNoError : kOutOfPaper;
        return static_cast<u8>(kNotBusy | kNoAcknowledge | printer | kStatusUnused);
    }
    return static_cast<u8>(state_.control | kControlUnused);
}

/// Whether the printer acknowledges a byte with an interrupt: it takes data when the strobe goes on.
bool IsaParallel::control(u8 value) {
    const std::lock_guard lock(lock_);
    const bool strobes = (value & kStrobe) != 0 && (state_.control & kStrobe) == 0;
    state_.control = value & kControlBits;
    if (!strobes || line_ == nullptr) {
        return false;
    }
    line_->write({&state_.data, 1});
    return (value & kInterruptEnable) != 0;
}

void IsaParallel::write_byte(u64 offset, u8 value) {
    if (offset == kData) {
        const std::lock_guard lock(lock_);
        state_.data = value;
    } else if (offset == kControl && control(value)) {
        pin().set(true);
        pin().set(false);
    }
}

}  // namespace kelvin::device
