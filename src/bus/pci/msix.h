// SPDX-License-Identifier: Apache-2.0
// MSI-X (PCI Local Bus 3.0, 6.8.2): a table of messages and an array of pending bits, in memory of the function's.
#pragma once

#include <mutex>
#include <span>
#include <vector>

#include "base/result.h"
#include "memory/mmio.h"

namespace kelvin::bus::pci {

/// Where messages go. Any thread, with the table's lock held.
class MessagePort {
  public:
    virtual ~MessagePort() = default;
    virtual void send_message(u64 address, u32 data) = 0;
};

/// The table is read and written by vCPUs, vectors are raised by any thread; one lock guards it.
class Msix final : public memory::MmioHandler {
  public:
    static constexpr u16 kMaxVectors = 2048;

    Msix(u16 vectors, MessagePort& port);

    u16 vectors() const { return static_cast<u16>(entries_.size()); }
    /// Of the table and the pending bits together, a power of two; the pending bits begin at the half.
    u64 size() const { return size_; }
    u64 pending_offset() const { return size_ / 2; }

    void raise(u16 vector);
    /// MSI-X Enable and Function Mask of the capability.
    void set_control(bool enabled, bool masked);
    bool enabled() const;
    void reset();

    struct SavedEntry {
        u64 address = 0;
        u32 data = 0;
        u32 control = 0;
        bool pending = false;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("address", address);
            visit("data", data);
            visit("control", control);
            visit("pending", pending);
        }
    };
    std::vector<SavedEntry> save() const;
    /// Delivers nothing: set_control() follows. Refuses another number of entries, and what none can hold.
    Result<> load(std::span<const SavedEntry> saved);

    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;

  private:
    struct Entry {
        u32 address_low = 0;
        u32 address_high = 0;
        u32 data = 0;
        u32 control = 1;  // bit 0: masked
        bool pending = false;
    };
    u32 read_word(u64 offset) const;
    void write_word(u64 offset, u32 value);
    void deliver(Entry& entry);
    void deliver_pending();

    MessagePort& port_;
    mutable std::mutex lock_;  // outside the interrupt controller's
    std::vector<Entry> entries_;
    u64 size_ = 0;
    bool enabled_ = false;
    bool masked_ = false;
};

}  // namespace kelvin::bus::pci
