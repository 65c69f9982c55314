// SPDX-License-Identifier: Apache-2.0
#include "device/chipset/north_bridge.h"

#include "bus/pci/config_registers.h"

namespace kelvin::device {

namespace {

constexpr u32 kAttributeRegisters = 7;
constexpr u8 kAttributeBits = 0x33;

// 5.1.28, SMRAM.
constexpr u8 kOpen = 1 << 6;
constexpr u8 kClosed = 1 << 5;
constexpr u8 kLocked = 1 << 4;
constexpr u8 kManagementEnabled = 1 << 3;
constexpr u8 kSegmentA = 2;  // which memory it is; nothing else can be chosen

// 5.1.17, PCIEXBAR. Only the size that covers 256 buses is implemented.
constexpr u32 kExpressBase = 0x60;
constexpr u32 kExpressEnable = 1;
constexpr u32 kExpressAddress = 0xf000'0000;
constexpr u32 kExpressAddressHigh = 0xf;

}  // namespace

const NorthBridge::Layout& NorthBridge::layout_of(Model model) {
    static constexpr u16 kIntel = 0x8086;
    static constexpr u16 kRedHat = 0x1af4;
    static constexpr u16 kQemu = 0x1100;
    static constexpr u32 kHostBridge = 0x060000;
    static constexpr Layout kQ35 = {{.vendor = kIntel,
                                     .device = 0x29c0,
                                     .class_code = kHostBridge,
                                     .subsystem_vendor = kRedHat,
                                     .subsystem = kQemu},
                                    0x90,
                                    0x9d,
                                    true};
    static constexpr Layout kI440fx = {{.vendor = kIntel,
                                        .device = 0x1237,
                                        .revision = 2,
                                        .class_code = kHostBridge,
                                        .subsystem_vendor = kRedHat,
                                        .subsystem = kQemu},
                                       0x59,
                                       0x72,
                                       false};
    return model == Model::q35 ? kQ35 : kI440fx;
}

NorthBridge::NorthBridge(Model model, std::unique_ptr<ShadowRam> shadow)
    : HostFunction(layout_of(model).identity), layout_(layout_of(model)), shadow_(std::move(shadow)) {
    for (u32 index = 0; index < kAttributeRegisters; ++index) {
        space().define<u8>(layout_.attributes + index, 0, kAttributeBits);
    }
    space().define<u8>(layout_.management_ram, kSegmentA, kOpen | kClosed | kLocked | kManagementEnabled);
    if (layout_.is_express) {
        space().define<u32>(kExpressBase, 0, kExpressAddress | kExpressEnable);
        space().define<u32>(kExpressBase + 4, 0, kExpressAddressHigh);
    }
    apply();
}

void NorthBridge::reset() {
    Function::reset();
    apply();
}

std::optional<Gpa> NorthBridge::ecam_base() const {
    if (!layout_.is_express || (config().get<u32>(kExpressBase) & kExpressEnable) == 0) {
        return std::nullopt;
    }
    return Gpa{u64{config().get<u32>(kExpressBase + 4)} << 32 | (config().get<u32>(kExpressBase) & kExpressAddress)};
}

void NorthBridge::set_up(Gpa base) {
    for (u32 index = 0; index < kAttributeRegisters; ++index) {
        space().set<u8>(layout_.attributes + index, kAttributeBits);
    }
    if (layout_.is_express) {
        space().set<u32>(kExpressBase, static_cast<u32>(base.value) | kExpressEnable);
    }
    apply();
}

/// SMRAM's lock closes the memory, and holds until the next reset.
bool NorthBridge::config_written(u32 offset, unsigned size) {
    const auto touches = [&](u32 first, u32 bytes) { return offset < first + bytes && first < offset + size; };
    if (touches(layout_.management_ram, 1)) {
        const u8 written = config().get<u8>(layout_.management_ram);
        const bool was_locked = (management_ram_ & kLocked) != 0;
        const u8 closed = static_cast<u8>((written & kLocked) != 0 ? written & ~kOpen : written);
        space().set<u8>(layout_.management_ram, was_locked ? management_ram_ : closed);
    }
    if (touches(layout_.management_ram, 1) || touches(layout_.attributes, kAttributeRegisters)) {
        apply();
    }
    return layout_.is_express && touches(kExpressBase, 8);
}

void NorthBridge::apply() {
    shadow_->set_segment(ShadowRam::kSegments - 1, static_cast<u8>(config().get<u8>(layout_.attributes) >> 4 & 3));
    for (unsigned segment = 0; segment + 1 < ShadowRam::kSegments; ++segment) {
        const u8 both = config().get<u8>(layout_.attributes + 1 + segment / 2);
        shadow_->set_segment(segment, static_cast<u8>(both >> (segment % 2 * 4) & 3));
    }
    management_ram_ = config().get<u8>(layout_.management_ram);
    shadow_->open_management_ram((management_ram_ & kOpen) != 0);
}

}  // namespace kelvin::device
