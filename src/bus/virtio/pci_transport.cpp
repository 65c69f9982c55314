// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/pci_transport.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/bits.h"
#include "bus/pci/config_registers.h"
#include "bus/virtio/features.h"

namespace kelvin::bus::virtio {

namespace {

constexpr u16 kVendor = 0x1af4;
constexpr u16 kFirstDeviceId = 0x1040;
constexpr u16 kSubsystem = 0x1100;
constexpr unsigned kMsixBar = 1;
constexpr unsigned kRegistersBar = 4;

// Where the structures are in that range.
constexpr u32 kRangeSize = 0x4000;
constexpr u32 kCommon = 0x0000;
constexpr u32 kInterruptStatus = 0x1000;
constexpr u32 kConfiguration = 0x2000;
constexpr u32 kNotifications = 0x3000;
constexpr u32 kStructureSize = 0x1000;
constexpr u32 kNotifyMultiplier = 4;

// Types of capabilities (4.1.4), and where their fields are.
constexpr u8 kCommonType = 1;
constexpr u8 kNotifyType = 2;
constexpr u8 kInterruptStatusType = 3;
constexpr u8 kConfigurationType = 4;
constexpr u8 kWindowType = 5;
constexpr u32 kCapabilitySize = 16;
constexpr u32 kCapabilityLength = 2;
constexpr u32 kCapabilityType = 3;
constexpr u32 kCapabilityBar = 4;
constexpr u32 kCapabilityOffset = 8;
constexpr u32 kCapabilityRange = 12;
constexpr u32 kCapabilityExtra = 16;

// Common registers (4.1.4.3).
enum : u64 {
    kDeviceFeatureSelect = 0x00,
    kDeviceFeature = 0x04,
    kDriverFeatureSelect = 0x08,
    kDriverFeature = 0x0c,
    kConfigVector = 0x10,
    kQueueCount = 0x12,
    kDeviceStatus = 0x14,
    kConfigGeneration = 0x15,
    kQueueSelect = 0x16,
    kQueueSize = 0x18,
    kQueueVector = 0x1a,
    kQueueEnable = 0x1c,
    kQueueNotifyOffset = 0x1e,
    kQueueDescriptors = 0x20,
    kQueueDriver = 0x28,
    kQueueDevice = 0x30,
    kQueueEnd = 0x38,
};

constexpr u16 kNoVector = 0xffff;
constexpr u8 kQueueCause = 1;
constexpr u8 kConfigCause = 2;

/// Replaces what an access of `size` bytes at `offset` of a 64-bit register covers.
void put(Gpa& where, u64 offset, unsigned size, u64 value) {
    const unsigned shift = static_cast<unsigned>(offset % 8) * 8;
    const u64 mask = low_mask(size * 8) << shift;
    where.value = (where.value & ~mask) | (value << shift & mask);
}

u64 part(Gpa of, u64 offset, unsigned size) {
    return of.value >> (offset % 8 * 8) & low_mask(size * 8);
}

}  // namespace

Result<> PciOptions::check(const virtio::Device& device) const {
    const bool legacy_wanted = disable_legacy == state::OnOffAuto::off || disable_modern;
    if (disable_legacy == state::OnOffAuto::on && disable_modern) {
        return user_error("disable-legacy and disable-modern leave no interface", "leave one of them out");
    }
    if (legacy_wanted && transitional_device_id(device.identity().id) == 0) {
        return user_error("devices of this kind did not exist before virtio 1.0",
                          "leave disable-legacy and disable-modern out");
    }
    if (legacy_wanted && (device.identity().features & feature::kAccessPlatform) != 0) {
        return user_error("iommu_platform=on needs the interface of virtio 1.0",
                          "leave disable-legacy and disable-modern out");
    }
    if (ats) {
        return user_error("ats=on needs an IOMMU, and there is none", "leave ats out");
    }
    if (vectors && *vectors > pci::Msix::kMaxVectors) {
        return user_error("vectors cannot be more than 2048");
    }
    return ok();
}

PciTransport::PciTransport(const PciOptions& options, std::unique_ptr<virtio::Device> device)
    : Function(options.function, {.vendor = kVendor,
                                  .device = static_cast<u16>(kFirstDeviceId + device->identity().id),
                                  .revision = 1,
                                  .class_code = device->identity().pci_class,
                                  .subsystem_vendor = kVendor,
                                  .subsystem = kSubsystem}),
      device_(std::move(device)),
      legacy_disabled_(options.disable_modern ? state::OnOffAuto::off : options.disable_legacy) {
    add_interrupt_pin();
    const u32 vectors = options.vectors.value_or(std::min<u32>(device_->queue_count() + 1U, pci::Msix::kMaxVectors));
    if (vectors != 0) {
        add_msix(kMsixBar, static_cast<u16>(vectors));
    }
    if (!options.disable_modern) {
        add_bar(kRegistersBar, pci::Bar::Kind::memory64_prefetchable, kRangeSize, registers_);
        add_capabilities();
    }
    add_express_endpoint();
    reset_selection();
    device_->set_transport(this);
}

PciTransport::~PciTransport() {
    device_->set_transport(nullptr);
}

void PciTransport::add_capability(u8 type, u32 offset, u32 length, u32 extra_size) {
    const u32 at = space().add_capability(pci::reg::capability::kVendorSpecific, kCapabilitySize + extra_size);
    space().define<u8>(at + kCapabilityLength, static_cast<u8>(kCapabilitySize + extra_size));
    space().define<u8>(at + kCapabilityType, type);
    space().define<u8>(at + kCapabilityBar, kRegistersBar);
    space().define<u32>(at + kCapabilityOffset, offset);
    space().define<u32>(at + kCapabilityRange, length);
    if (type == kNotifyType) {
        space().define<u32>(at + kCapabilityExtra, kNotifyMultiplier);
    }
    if (type == kWindowType) {
        window_at_ = at;
        space().define<u8>(at + kCapabilityBar, 0, 0xff);
        space().define<u32>(at + kCapabilityOffset, 0, ~u32{0});
        space().define<u32>(at + kCapabilityRange, 0, ~u32{0});
        space().define<u32>(at + kCapabilityExtra, 0, ~u32{0});
    }
}

void PciTransport::add_capabilities() {
    add_capability(kCommonType, kCommon, kStructureSize);
    add_capability(kInterruptStatusType, kInterruptStatus, kStructureSize);
    add_capability(kConfigurationType, kConfiguration, kStructureSize);
    add_capability(kNotifyType, kNotifications, kStructureSize, 4);
    add_capability(kWindowType, 0, 0, 4);
}

void PciTransport::reset_selection() {
    {
        const std::lock_guard lock(lock_);
        device_features_select_ = 0;
        driver_features_select_ = 0;
        queue_select_ = 0;
        config_vector_ = kNoVector;
        queue_vectors_.assign(device_->queue_count(), kNoVector);
    }
    read_interrupt_status();
}

void PciTransport::reset() {
    device_->reset();
    Function::reset();
    reset_selection();
}

u64 PciTransport::read_register(u64 offset, unsigned size) {
    if (offset < kInterruptStatus) {
        return read_common(offset, size);
    }
    if (offset < kConfiguration) {
        return offset == kInterruptStatus ? read_interrupt_status() : 0;
    }
    if (offset >= kNotifications) {
        return 0;
    }
    std::array<u8, 8> bytes{};
    device_->read_config(static_cast<u32>(offset - kConfiguration), std::span(bytes).first(size));
    u64 value = 0;
    std::memcpy(&value, bytes.data(), size);
    return value;
}

void PciTransport::write_register(u64 offset, unsigned size, u64 value) {
    if (offset < kInterruptStatus) {
        write_common(offset, size, value);
    } else if (offset >= kNotifications) {
        device_->notify(static_cast<u16>((offset - kNotifications) / kNotifyMultiplier));
    } else if (offset >= kConfiguration) {
        std::array<u8, 8> bytes{};
        std::memcpy(bytes.data(), &value, sizeof value);
        device_->write_config(static_cast<u32>(offset - kConfiguration), std::span(bytes).first(size));
    }
}

u64 PciTransport::read_common(u64 offset, unsigned size) {
    const std::lock_guard lock(lock_);
    const u64 features = device_->identity().features;
    const QueueRegisters queue = device_->queue_registers(queue_select_);
    switch (offset) {
        case kDeviceFeatureSelect:
            return device_features_select_;
        case kDeviceFeature:
            return device_features_select_ < 2 ? static_cast<u32>(features >> (32 * device_features_select_)) : 0;
        case kDriverFeatureSelect:
            return driver_features_select_;
        case kDriverFeature:
            return driver_features_select_ < 2
                       ? static_cast<u32>(device_->driver_features() >> (32 * driver_features_select_))
                       : 0;
        case kConfigVector:
            return config_vector_;
        case kQueueCount:
            return device_->queue_count();
        case kDeviceStatus:
            return device_->status();
        case kConfigGeneration:
            return static_cast<u8>(device_->config_generation());
        case kQueueSelect:
            return queue_select_;
        case kQueueSize:
            return queue.largest != 0 ? queue.place.size : 0;
        case kQueueVector:
            return queue_select_ < queue_vectors_.size() ? queue_vectors_[queue_select_] : kNoVector;
        case kQueueEnable:
            return queue.enabled ? 1 : 0;
        case kQueueNotifyOffset:
            return queue_select_;
        default:
            break;
    }
    if (offset % 8 + size > 8 || offset < kQueueDescriptors || offset >= kQueueEnd) {
        return 0;
    }
    const Gpa areas[] = {queue.place.descriptors, queue.place.driver, queue.place.device};
    return part(areas[(offset - kQueueDescriptors) / 8], offset, size);
}

u16 PciTransport::valid_vector(u64 value) const {
    return value < msix_vectors() ? static_cast<u16>(value) : kNoVector;
}

void PciTransport::write_common(u64 offset, unsigned size, u64 value) {
    if (offset == kDeviceStatus) {
        set_status(static_cast<u8>(value));
        return;
    }
    const std::lock_guard lock(lock_);
    switch (offset) {
        case kDeviceFeatureSelect:
            device_features_select_ = static_cast<u32>(value);
            break;
        case kDriverFeatureSelect:
            driver_features_select_ = static_cast<u32>(value);
            break;
        case kDriverFeature:
            if (driver_features_select_ < 2) {
                Gpa features{device_->driver_features()};
                put(features, 4 * u64{driver_features_select_}, 4, value);
                device_->set_driver_features(features.value);
            }
            break;
        case kConfigVector:
            config_vector_ = valid_vector(value);
            break;
        case kQueueSelect:
            queue_select_ = static_cast<u16>(value);
            break;
        case kQueueVector:
            if (queue_select_ < queue_vectors_.size()) {
                queue_vectors_[queue_select_] = valid_vector(value);
            }
            break;
        case kQueueEnable:
            // 4.1.4.3.2: the driver writes no 0.
            if ((value & 1) != 0) {
                device_->set_queue_enabled(queue_select_, true);
            }
            break;
        default:
            write_queue_register(offset, size, value);
            break;
    }
}

void PciTransport::write_queue_register(u64 offset, unsigned size, u64 value) {
    device_->change_queue(queue_select_, [&](QueueRegisters& registers) {
        RingPlace& place = registers.place;
        if (offset == kQueueSize) {
            place.size = value <= registers.largest ? static_cast<u16>(value) : u16{0};
        } else if (offset >= kQueueDescriptors && offset < kQueueEnd && offset % 8 + size <= 8) {
            Gpa* const areas[] = {&place.descriptors, &place.driver, &place.device};
            put(*areas[(offset - kQueueDescriptors) / 8], offset, size, value);
        }
    });
}

void PciTransport::set_status(u8 value) {
    // Waits for the I/O loop, which may raise an interrupt meanwhile: without the lock.
    device_->set_status(value);
    if (value == 0) {
        reset_selection();
    }
}

u64 PciTransport::read_interrupt_status() {
    const std::lock_guard lock(status_lock_);
    const u8 causes = std::exchange(interrupt_status_, u8{0});
    set_intx(false);
    return causes;
}

void PciTransport::interrupt(u16 vector, u8 cause) {
    if (msix_enabled()) {
        raise(vector);
        return;
    }
    const std::lock_guard lock(status_lock_);
    interrupt_status_ = static_cast<u8>(interrupt_status_ | cause);
    set_intx(true);
}

void PciTransport::queue_interrupt(u16 queue) {
    u16 vector = kNoVector;
    {
        const std::lock_guard lock(lock_);
        vector = queue < queue_vectors_.size() ? queue_vectors_[queue] : kNoVector;
    }
    interrupt(vector, kQueueCause);
}

void PciTransport::config_interrupt() {
    u16 vector = kNoVector;
    {
        const std::lock_guard lock(lock_);
        vector = config_vector_;
    }
    interrupt(vector, kConfigCause);
}

/// What the window names (4.1.4.9), and how many bytes; the range's size, which is beyond it, if that is not allowed.
u64 PciTransport::window_offset(u32& length) {
    const u8 bar = config().get<u8>(window_at_ + kCapabilityBar);
    const u32 offset = config().get<u32>(window_at_ + kCapabilityOffset);
    length = config().get<u32>(window_at_ + kCapabilityRange);
    const bool allowed = bar == kRegistersBar && (length == 1 || length == 2 || length == 4) && offset % length == 0 &&
                         offset < kRangeSize;
    return allowed ? offset : kRangeSize;
}

void PciTransport::config_reading(u32 offset, unsigned) {
    u32 length = 0;
    if (offset == window_at_ + kCapabilityExtra) {
        if (const u64 at = window_offset(length); at < kRangeSize) {
            space().set<u32>(offset, static_cast<u32>(read_register(at, length)));
        }
    }
}

bool PciTransport::config_written(u32 offset, unsigned) {
    u32 length = 0;
    if (offset == window_at_ + kCapabilityExtra) {
        if (const u64 at = window_offset(length); at < kRangeSize) {
            write_register(at, length, config().get<u32>(offset));
        }
    }
    return false;
}

}  // namespace kelvin::bus::virtio
