// SPDX-License-Identifier: Apache-2.0
// The tables of an Interrupt Translation Service in guest memory (IHI 0069 5.2): devices, their interrupt translation
// tables, collections.
#pragma once

#include <optional>

#include "base/types.h"
#include "memory/dma.h"

namespace kelvin::device {

/// Software gives the memory, zeroed, and leaves the form of entries to us: eight bytes each. The guest may still write
/// there, so each field is checked when it is used. Tables are in memory rather than held here so that their size is
/// bounded by the guest's RAM, and so that a guest which is saved with its memory (hibernation) finds them again.
class ItsTables {
  public:
    static constexpr unsigned kDeviceBits = 16;
    static constexpr unsigned kEventBits = 16;
    static constexpr unsigned kCollectionBits = 16;
    static constexpr u64 kEntrySize = 8;

    /// Fields of GITS_BASER<n> (12.19.1).
    struct Base {
        static constexpr u64 kWritable = u64{3} << 62 | u64{7} << 59 | u64{7} << 53 | 0x0000'ffff'ffff'ffff;
        u64 value = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("value", value);
        }
        bool valid() const;
        bool indirect() const;
        u64 page_size() const;
        u64 bytes() const;
        Gpa address() const;
    };
    struct Device {
        Gpa translations;         ///< 256-byte aligned
        unsigned event_bits = 0;  ///< 1 to kEventBits
    };
    struct Translation {
        u32 intid = 0;
        u16 collection = 0;
    };

    explicit ItsTables(const memory::Dma& dma) : dma_(&dma) {}

    std::optional<Device> device(Base table, u32 id) const;
    std::optional<Translation> translation(const Device& device, u32 event) const;
    std::optional<u16> collection(Base table, u32 id) const;  ///< the processor it is mapped to

    // False if the table has no room for the number. Nothing clears the entry.
    bool set_device(Base table, u32 id, const std::optional<Device>& device) const;
    bool set_translation(const Device& device, u32 event, const std::optional<Translation>& translation) const;
    bool set_collection(Base table, u32 id, std::optional<u16> processor) const;

  private:
    std::optional<Gpa> find(Base table, u32 id) const;
    u64 load(std::optional<Gpa> entry) const;
    bool store(std::optional<Gpa> entry, u64 value) const;

    const memory::Dma* dma_;
};

}  // namespace kelvin::device
