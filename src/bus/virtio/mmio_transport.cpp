// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/mmio_transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"

namespace kelvin::bus::virtio {

namespace {

// 4.2.2, table 4.1.
enum : u64 {
    kMagicValue = 0x000,
    kVersion = 0x004,
    kDeviceId = 0x008,
    kVendorId = 0x00c,
    kDeviceFeatures = 0x010,
    kDeviceFeaturesSelect = 0x014,
    kDriverFeatures = 0x020,
    kDriverFeaturesSelect = 0x024,
    kQueueSelect = 0x030,
    kQueueSizeMax = 0x034,
    kQueueSize = 0x038,
    kQueueReady = 0x044,
    kQueueNotify = 0x050,
    kInterruptStatus = 0x060,
    kInterruptAcknowledge = 0x064,
    kStatus = 0x070,
    kQueueDescriptorsLow = 0x080,
    kQueueDescriptorsHigh = 0x084,
    kQueueDriverLow = 0x090,
    kQueueDriverHigh = 0x094,
    kQueueDeviceLow = 0x0a0,
    kQueueDeviceHigh = 0x0a4,
    kSharedMemoryLengthLow = 0x0b0,
    kSharedMemoryBaseHigh = 0x0bc,
    kConfigGeneration = 0x0fc,
    kConfiguration = 0x100,
};

constexpr u32 kMagic = 0x74726976;   // "virt"
constexpr u32 kVendor = 0x554d4551;  // "QEMU"
constexpr u32 kUsedBuffer = 1;
constexpr u32 kConfigurationChange = 2;

u64 with_half(u64 whole, u32 half, u32 value) {
    const unsigned shift = half * 32;
    return (whole & ~(u64{0xffffffff} << shift)) | u64{value} << shift;
}

}  // namespace

MmioTransport::MmioTransport(std::string name, Wire interrupt) : Bus("virtio-bus"), interrupt_(interrupt) {
    set_name(std::move(name));
}

MmioTransport::~MmioTransport() = default;

void MmioTransport::reset() {
    device_features_select_ = 0;
    driver_features_select_ = 0;
    queue_select_ = 0;
    change_interrupts(0, ~u32{0});
}

Result<> MmioTransport::attach(bus::Device& device, bool hot) {
    auto* const plugged = dynamic_cast<Device*>(&device);
    KELVIN_ASSERT(plugged != nullptr);
    if (hot) {
        return user_error(fmt::format("bus '{}' takes no device while the machine runs", name()),
                          "use the -pci variant of the device behind a pcie-root-port");
    }
    if (device_ != nullptr) {
        return user_error(fmt::format("bus '{}' has a device already", name()), "each virtio-mmio bus takes one");
    }
    device_ = plugged;
    device_->set_transport(this);
    return ok();
}

void MmioTransport::detach(bus::Device& device) {
    KELVIN_ASSERT(&device == device_);
    device_->set_transport(nullptr);
    device_ = nullptr;
}

Result<> MmioTransport::request_detach(bus::Device&, bus::DetachObserver&) {
    return user_error(fmt::format("a device on bus '{}' cannot be taken away", name()),
                      "use the -pci variant of the device behind a pcie-root-port");
}

std::string MmioTransport::place_of(const bus::Device&) const {
    return "";
}

u64 MmioTransport::read(u64 offset, unsigned size) {
    if (offset >= kConfiguration && device_ != nullptr) {
        std::array<u8, 8> bytes{};
        device_->read_config(static_cast<u32>(offset - kConfiguration), std::span(bytes).first(size));
        u64 value = 0;
        std::memcpy(&value, bytes.data(), size);
        return value;
    }
    // 4.2.2.2: everything else is read as aligned words only.
    return size == 4 && offset % 4 == 0 ? read_register(offset) : 0;
}

u32 MmioTransport::read_register(u64 offset) {
    switch (offset) {
        case kMagicValue:
            return kMagic;
        case kVersion:
            return 2;
        case kVendorId:
            return kVendor;
        default:
            break;
    }
    if (device_ == nullptr) {
        return 0;
    }
    switch (offset) {
        case kDeviceId:
            return device_->identity().id;
        case kDeviceFeatures:
            return device_features_select_ < 2
                       ? static_cast<u32>(device_->identity().features >> (32 * device_features_select_))
                       : 0;
        case kQueueSizeMax:
            return device_->queue_registers(static_cast<u16>(queue_select_)).largest;
        case kQueueReady:
            return device_->queue_registers(static_cast<u16>(queue_select_)).enabled ? 1 : 0;
        case kInterruptStatus: {
            const std::lock_guard lock(lock_);
            return interrupt_status_;
        }
        case kStatus:
            return device_->status();
        case kConfigGeneration:
            return device_->config_generation();
        default:
            // There is no shared memory: its length and base read as all ones (4.2.2.1).
            return offset >= kSharedMemoryLengthLow && offset <= kSharedMemoryBaseHigh ? ~u32{0} : 0;
    }
}

void MmioTransport::write(u64 offset, unsigned size, u64 value) {
    if (device_ == nullptr) {
        return;
    }
    if (offset >= kConfiguration) {
        std::array<u8, 8> bytes{};
        std::memcpy(bytes.data(), &value, sizeof value);
        device_->write_config(static_cast<u32>(offset - kConfiguration), std::span(bytes).first(size));
        return;
    }
    if (size == 4 && offset % 4 == 0) {
        write_register(offset, static_cast<u32>(value));
    }
}

void MmioTransport::write_register(u64 offset, u32 value) {
    switch (offset) {
        case kDeviceFeaturesSelect:
            device_features_select_ = value;
            break;
        case kDriverFeatures:
            if (driver_features_select_ < 2) {
                device_->set_driver_features(with_half(device_->driver_features(), driver_features_select_, value));
            }
            break;
        case kDriverFeaturesSelect:
            driver_features_select_ = value;
            break;
        case kQueueSelect:
            // A number beyond 16 bits names no queue, like any other that is too large.
            queue_select_ = value > 0xffff ? 0xffff : value;
            break;
        case kQueueNotify:
            device_->notify(static_cast<u16>(value));
            break;
        case kInterruptAcknowledge:
            change_interrupts(0, value);
            break;
        case kStatus:
            device_->set_status(static_cast<u8>(value));
            if (static_cast<u8>(value) == 0) {
                change_interrupts(0, ~u32{0});
            }
            break;
        default:
            write_queue_register(offset, value);
            break;
    }
}

void MmioTransport::write_queue_register(u64 offset, u32 value) {
    const u16 queue = static_cast<u16>(queue_select_);
    if (offset == kQueueReady) {
        device_->set_queue_enabled(queue, (value & 1) != 0);
        return;
    }
    device_->change_queue(queue, [&](QueueRegisters& registers) {
        RingPlace& place = registers.place;
        const u32 half = offset % 8 == 4 ? 1 : 0;
        switch (offset) {
            case kQueueSize:
                place.size = value <= registers.largest ? static_cast<u16>(value) : u16{0};
                break;
            case kQueueDescriptorsLow:
            case kQueueDescriptorsHigh:
                place.descriptors.value = with_half(place.descriptors.value, half, value);
                break;
            case kQueueDriverLow:
            case kQueueDriverHigh:
                place.driver.value = with_half(place.driver.value, half, value);
                break;
            case kQueueDeviceLow:
            case kQueueDeviceHigh:
                place.device.value = with_half(place.device.value, half, value);
                break;
            default:
                break;
        }
    });
}

void MmioTransport::queue_interrupt(u16) {
    change_interrupts(kUsedBuffer, 0);
}

void MmioTransport::config_interrupt() {
    change_interrupts(kConfigurationChange, 0);
}

void MmioTransport::change_interrupts(u32 set, u32 cleared) {
    const std::lock_guard lock(lock_);
    interrupt_status_ = (interrupt_status_ & ~cleared) | set;
    interrupt_.set(interrupt_status_ != 0);
}

MmioTransport::State MmioTransport::save() {
    const std::lock_guard lock(lock_);
    return {device_features_select_, driver_features_select_, queue_select_, interrupt_status_};
}

void MmioTransport::restore(const State& state) {
    device_features_select_ = state.device_features_select;
    driver_features_select_ = state.driver_features_select;
    queue_select_ = std::min<u32>(state.queue_select, 0xffff);
    change_interrupts(state.interrupt_status & (kUsedBuffer | kConfigurationChange), ~u32{0});
}

}  // namespace kelvin::bus::virtio
