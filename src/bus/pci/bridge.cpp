// SPDX-License-Identifier: Apache-2.0
#include "bus/pci/bridge.h"

#include "bus/pci/config_registers.h"

namespace kelvin::bus::pci {

namespace {

constexpr u32 kBridgeClass = 0x060400;
constexpr u8 kIoMask = 0xf0;
constexpr u16 kMemoryMask = 0xfff0;
constexpr u16 kPrefetch64 = 1;
constexpr u32 kFirstWindowByte = reg::kPrimaryBus;
constexpr u32 kWindowsEnd = reg::kIoLimitUpper + 2;

// Bridge control (3.2.5.18).
constexpr u16 kControlParity = 1U << 0;
constexpr u16 kControlSystemError = 1U << 1;
constexpr u16 kControlReset = 1U << 6;

Identity bridge_identity(const Identity& given) {
    Identity identity = given;
    identity.class_code = kBridgeClass;
    identity.subsystem_vendor = 0;
    identity.subsystem = 0;
    return identity;
}

}  // namespace

Bridge::Bridge(const FunctionOptions& options, const Identity& identity)
    : Function(options, bridge_identity(identity)) {
    ConfigSpace& config = space();
    config.define<u8>(reg::kHeaderType,
                      static_cast<u8>(reg::kBridgeHeader | (config.get<u8>(reg::kHeaderType) & reg::kMultifunction)));
    config.define<u8>(reg::kPrimaryBus, 0, 0xff);
    config.define<u8>(reg::kSecondaryBus, 0, 0xff);
    config.define<u8>(reg::kSubordinateBus, 0, 0xff);
    config.define<u8>(reg::kIoBase, 0, kIoMask);
    config.define<u8>(reg::kIoLimit, 0, kIoMask);
    config.define<u16>(reg::kSecondaryStatus, 0, 0, reg::status::kErrors);
    config.define<u16>(reg::kMemoryBase, 0, kMemoryMask);
    config.define<u16>(reg::kMemoryLimit, 0, kMemoryMask);
    config.define<u16>(reg::kPrefetchBase, kPrefetch64, kMemoryMask);
    config.define<u16>(reg::kPrefetchLimit, kPrefetch64, kMemoryMask);
    config.define<u32>(reg::kPrefetchBaseUpper, 0, ~0U);
    config.define<u32>(reg::kPrefetchLimitUpper, 0, ~0U);
    config.define<u16>(reg::kBridgeControl, 0, kControlParity | kControlSystemError | kControlReset);
}

u8 Bridge::secondary_number() const {
    return config().get<u8>(reg::kSecondaryBus);
}

u8 Bridge::subordinate_number() const {
    return config().get<u8>(reg::kSubordinateBus);
}

bool Bridge::forwards(Bar::Kind kind, u64 address, u64 size) const {
    const ConfigSpace& space = config();
    const u16 command = space.get<u16>(reg::kCommand);
    const u64 last = address + (size - 1);
    const auto within = [&](u64 base, u64 limit) { return base <= limit && address >= base && last <= limit; };
    if (kind == Bar::Kind::io) {
        // 3.2.5.6: bits [7:4] are address bits [15:12].
        const u64 base = u64{space.get<u8>(reg::kIoBase) & 0xf0U} << 8;
        const u64 limit = u64{space.get<u8>(reg::kIoLimit) & 0xf0U} << 8 | 0xfff;
        return (command & reg::command::kIo) != 0 && within(base, limit);
    }
    if ((command & reg::command::kMemory) == 0) {
        return false;
    }
    // 3.2.5.8: bits [15:4] are address bits [31:20].
    const u64 base = u64{space.get<u16>(reg::kMemoryBase) & 0xfff0U} << 16;
    const u64 limit = u64{space.get<u16>(reg::kMemoryLimit) & 0xfff0U} << 16 | 0xfffff;
    const u64 far_base =
        u64{space.get<u16>(reg::kPrefetchBase) & 0xfff0U} << 16 | u64{space.get<u32>(reg::kPrefetchBaseUpper)} << 32;
    const u64 far_limit = u64{space.get<u16>(reg::kPrefetchLimit) & 0xfff0U} << 16 | 0xfffff |
                          u64{space.get<u32>(reg::kPrefetchLimitUpper)} << 32;
    return within(base, limit) || within(far_base, far_limit);
}

void Bridge::reset() {
    Function::reset();
    resetting_ = false;
    secondary().set_number(0);
}

void Bridge::reset_secondary() {
    for (const auto& [devfn, function] : secondary().functions()) {
        function->reset();
    }
}

bool Bridge::config_written(u32 offset, unsigned size) {
    secondary().set_number(secondary_number());
    bool mapping = offset < kWindowsEnd && kFirstWindowByte < offset + size;
    const bool reset = (config().get<u16>(reg::kBridgeControl) & kControlReset) != 0;
    if (reset && !resetting_) {
        reset_secondary();
        mapping = true;
    }
    resetting_ = reset;
    return mapping;
}

void Bridge::config_loaded() {
    secondary().set_number(secondary_number());
    resetting_ = (config().get<u16>(reg::kBridgeControl) & kControlReset) != 0;
}

}  // namespace kelvin::bus::pci
