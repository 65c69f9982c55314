// SPDX-License-Identifier: Apache-2.0
// Virtio over PCI (virtio 1.2, 4.1): modern devices, and transitional ones, which also have the interface of drafts
// before 1.0.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "bus/pci/function.h"
#include "bus/virtio/device.h"

namespace kelvin::bus::virtio {

/// What -device may say about any virtio device on PCI; part of its Options.
struct PciOptions {
    pci::FunctionOptions function = {};
    std::optional<u32> vectors = {};
    state::OnOffAuto disable_legacy = state::OnOffAuto::automatic;
    bool disable_modern = false;
    bool ioeventfd = true;
    bool ats = false;

    template <class Visitor>
    void fields(Visitor& visit) {
        function.fields(visit);
        visit("vectors", vectors, "message interrupts; one for each queue and one for changes if left out");
        visit("disable-legacy", disable_legacy,
              "without the interface before virtio 1.0; auto: it is on root buses only");
        visit("disable-modern", disable_modern, "with that interface only");
        visit("ioeventfd", ioeventfd, "accepted, without effect");
        visit("ats", ats, "on is refused: there is no IOMMU");
    }
    /// What is refused of it for `device`, and why.
    Result<> check(const virtio::Device& device) const;
};

/// The identifier of a transitional device of kind `id` (4.1.2.1); 0 if there was none of that kind.
u16 transitional_device_id(u16 id);

class PciTransport final : public pci::Function, private Transport {
  public:
    /// `options` has been checked, with this device.
    PciTransport(const PciOptions& options, std::unique_ptr<virtio::Device> device);
    ~PciTransport() override;

    void reset() override;
    std::span<Bus* const> buses() override { return device_->buses(); }
    Savable* savable() override { return device_->savable() != nullptr ? &saver_ : nullptr; }
    std::optional<Bootable> bootable() const override { return device_->bootable(); }
    const virtio::Device& device() const { return *device_; }

  private:
    /// One range holds all that virtio has: common registers, interrupt status, configuration, notifications.
    class Registers final : public memory::MmioHandler {
      public:
        explicit Registers(PciTransport& transport) : transport_(transport) {}
        u64 read(u64 offset, unsigned size) override { return transport_.read_register(offset, size); }
        void write(u64 offset, unsigned size, u64 value) override { transport_.write_register(offset, size, value); }

      private:
        PciTransport& transport_;
    };

    /// The interface of drafts before 1.0 (4.1.4.10), in I/O space.
    class LegacyRegisters final : public memory::MmioHandler {
      public:
        explicit LegacyRegisters(PciTransport& transport) : transport_(transport) {}
        u64 read(u64 offset, unsigned size) override { return transport_.read_legacy(offset, size); }
        void write(u64 offset, unsigned size, u64 value) override { transport_.write_legacy(offset, size, value); }

      private:
        PciTransport& transport_;
    };

    class Saver final : public Savable {
      public:
        explicit Saver(PciTransport& transport) : transport_(transport) {}
        void quiesce() override { transport_.device_->savable()->quiesce(); }
        Result<state::Json> save() override;
        Result<> load(const state::Json& saved) override;

      private:
        PciTransport& transport_;
    };

    void add_capabilities();
    void add_capability(u8 type, u32 offset, u32 length, u32 extra_size = 0);

    u64 read_register(u64 offset, unsigned size);
    void write_register(u64 offset, unsigned size, u64 value);
    u64 read_common(u64 offset, unsigned size);
    void write_common(u64 offset, unsigned size, u64 value);
    void write_queue_register(u64 offset, unsigned size, u64 value);
    void set_status(u8 value);
    u64 read_interrupt_status();
    u16 valid_vector(u64 value) const;
    void reset_selection();
    void config_reading(u32 offset, unsigned size) override;
    bool config_written(u32 offset, unsigned size) override;
    u64 window_offset(u32& length);

    // pci_legacy.cpp:
    void placed(bool integrated) override;
    u64 legacy_config_at() const;
    u64 read_legacy(u64 offset, unsigned size);
    u64 read_legacy_register(u64 offset);
    void write_legacy(u64 offset, unsigned size, u64 value);
    void place_legacy_queue(u32 page);

    void queue_interrupt(u16 queue) override;
    void config_interrupt() override;
    void interrupt(u16 vector, u8 cause);

    const std::unique_ptr<virtio::Device> device_;
    const state::OnOffAuto legacy_disabled_;
    Registers registers_{*this};
    LegacyRegisters legacy_registers_{*this};
    Saver saver_{*this};
    u32 window_at_ = 0;  // the capability by which configuration space reaches registers

    std::mutex lock_;  // guards what follows; taken inside no other, and outside those of MSI-X
    u32 device_features_select_ = 0;
    u32 driver_features_select_ = 0;
    u16 queue_select_ = 0;
    u16 config_vector_ = 0;
    std::vector<u16> queue_vectors_;

    std::mutex status_lock_;  // guards the next, and the order of the line's changes
    u8 interrupt_status_ = 0;
};

}  // namespace kelvin::bus::virtio
