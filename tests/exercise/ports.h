// SPDX-License-Identifier: Apache-2.0
// How a processor reaches a device: ranges of registers, and the registers of virtio where it is one.
#pragma once

#include <optional>

#include "exercise/guest.h"

namespace kelvin::exercise {

/// A device's registers as a processor sees them.
class Port {
  public:
    virtual ~Port() = default;
    /// As a driver does first: maps what is to be mapped.
    virtual void set_up() = 0;
    /// Any access.
    virtual void touch() = 0;

    // Of virtio; nothing happens if it is none:
    struct Queue {
        u16 size = 0;
        u64 descriptors = 0;
        u64 driver = 0;
        u64 device = 0;
    };
    virtual bool is_virtio() = 0;
    /// Which kind of device (virtio 1.2, section 5).
    virtual u16 virtio_kind() = 0;
    /// Where registers of an NVMe controller are; none if it is none.
    virtual std::optional<u64> nvme_registers() { return {}; }
    /// Likewise of an AHCI controller.
    virtual std::optional<u64> ahci_registers() { return {}; }
    virtual void write(u64 address, unsigned size, u64 value) = 0;
    virtual u64 features() = 0;
    virtual void set_features(u64 features) = 0;
    virtual u8 status() = 0;
    virtual void set_status(u8 status) = 0;
    /// The largest size of queue `index`; 0: there is none.
    virtual u16 queue_limit(u16 index) = 0;
    virtual void set_queue(u16 index, const Queue& queue) = 0;
    virtual void notify(u16 index) = 0;
};

/// The function at `slot` of the root bus, or behind the port that is there.
class PciPort final : public Port {
  public:
    PciPort(Guest& guest, unsigned slot) : guest_(guest), config_at_(u64{slot} << 15) {}

    void set_up() override;
    void touch() override;
    bool is_virtio() override { return common_ != 0; }
    u16 virtio_kind() override;
    std::optional<u64> nvme_registers() override;
    std::optional<u64> ahci_registers() override;
    void write(u64 address, unsigned size, u64 value) override {
        guest_.host->window(0).write(address - Guest::kWindow, size, value);
    }
    u64 features() override;
    void set_features(u64 features) override;
    u8 status() override { return static_cast<u8>(read(common_ + 0x14, 1)); }
    void set_status(u8 status) override { write(common_ + 0x14, 1, status); }
    u16 queue_limit(u16 index) override;
    void set_queue(u16 index, const Queue& queue) override;
    void notify(u16 index) override;

  private:
    u32 config(u64 offset, unsigned size) {
        return static_cast<u32>(guest_.host->ecam().read(config_at_ + offset, size));
    }
    void set_config(u64 offset, unsigned size, u64 value) {
        guest_.host->ecam().write(config_at_ + offset, size, value);
    }
    u64 read(u64 address, unsigned size) { return guest_.host->window(0).read(address - Guest::kWindow, size); }
    void map_range(unsigned& index);
    void find_capabilities();
    void touch_config();
    void touch_range();

    Guest& guest_;
    u64 config_at_;
    u64 next_address_ = 0;
    struct Range {
        u64 start = 0;
        u64 size = 0;
    };
    std::array<Range, 6> ranges_{};
    u64 common_ = 0;
    u64 notifications_ = 0;
    u32 multiplier_ = 0;
};

class MmioPort final : public Port {
  public:
    explicit MmioPort(Guest& guest) : guest_(guest) {}

    void set_up() override {}
    void touch() override;
    bool is_virtio() override { return true; }
    u16 virtio_kind() override { return static_cast<u16>(guest_.slot.read(0x08, 4)); }
    void write(u64 offset, unsigned size, u64 value) override { guest_.slot.write(offset, size, value); }
    u64 features() override;
    void set_features(u64 features) override;
    u8 status() override { return static_cast<u8>(guest_.slot.read(0x70, 4)); }
    void set_status(u8 status) override { guest_.slot.write(0x70, 4, status); }
    u16 queue_limit(u16 index) override;
    void set_queue(u16 index, const Queue& queue) override;
    void notify(u16 index) override { guest_.slot.write(0x50, 4, index); }

  private:
    Guest& guest_;
};

/// A device's own I/O ports, from `base`, and those behind.
class IsaPort final : public Port {
  public:
    IsaPort(Guest& guest, u16 base) : guest_(guest), base_(base) {}

    void set_up() override {}
    void touch() override;
    bool is_virtio() override { return false; }
    u16 virtio_kind() override { return 0; }
    void write(u64 offset, unsigned size, u64 value) override {
        guest_.ports.write(static_cast<u16>(base_ + offset), size, static_cast<u32>(value));
    }
    u64 features() override { return 0; }
    void set_features(u64) override {}
    u8 status() override { return 0; }
    void set_status(u8) override {}
    u16 queue_limit(u16) override { return 0; }
    void set_queue(u16, const Queue&) override {}
    void notify(u16) override {}

  private:
    Guest& guest_;
    u16 base_;
};

}  // namespace kelvin::exercise
