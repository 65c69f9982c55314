// SPDX-License-Identifier: Apache-2.0
// The guest's physical address space: RAM, ROM and devices, and the only way to touch guest memory outside the
// accelerators.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "memory/dma.h"
#include "memory/mmio.h"

namespace kelvin::memory {

/// Host memory that backs guest RAM, ROM or flash; page-aligned, nothing of it touched before its first use.
class RamBlock {
  public:
    /// Of no memory at all.
    RamBlock() = default;
    /// Zeroed anonymous memory.
    static Result<RamBlock> allocate(u64 size);
    /// The first `size` bytes of the file behind `fd`, which may be closed afterwards; bytes past its last page must
    /// not be touched. Shared: writes reach the file, which must be open for writing. Else they stay in this process.
    static Result<RamBlock> map_file(int fd, u64 size, bool shared);
    RamBlock(RamBlock&& other) noexcept;
    RamBlock& operator=(RamBlock&& other) noexcept;
    RamBlock(const RamBlock&) = delete;
    RamBlock& operator=(const RamBlock&) = delete;
    ~RamBlock();

    u8* data() const { return data_; }
    u64 size() const { return size_; }

    /// The host's pages within the range become zeros that take no memory; within the block. For anonymous memory only.
    void discard(u64 offset, u64 size) const;

  private:
    RamBlock(u8* data, u64 size) : data_(data), size_(size) {}
    u8* data_ = nullptr;
    u64 size_ = 0;
};

/// Where a guest page lies in the host. `host` is null when the page is not RAM or ROM.
struct PageBacking {
    u8* host = nullptr;     ///< of the page's first byte
    bool writable = false;  ///< false for ROM: stores go through AddressMap::write, which drops them
};

/// A run of guest memory that lies in the host's as it does in the guest's.
struct HostRange {
    Gpa base;
    u64 size = 0;
    u8* host = nullptr;
    bool writable = false;  ///< as in PageBacking

    bool operator==(const HostRange&) const = default;
};

/// Host memory that lies over what else is at its place for as long as it is laid there: a frame buffer that the guest
/// has mapped, RAM that shadows a ROM. Whole pages.
struct Layer {
    Gpa base;
    u64 size = 0;          ///< 0: it lies nowhere
    u8* host = nullptr;    ///< what loads see
    u8* stores = nullptr;  ///< what stores change: the same, other memory, or nothing

    bool operator==(const Layer&) const = default;
};

/// Told about every write to RAM that did not come from translated code, so that stale translations are dropped.
/// Called with a device's lock held, at times: it must not wait for a vCPU, which may be waiting for that lock.
class WriteObserver {
  public:
    virtual ~WriteObserver() = default;
    virtual void ram_written(Gpa start, u64 size) = 0;
};

/// Told when loads of a page start or cease to be served by host memory: what find_page said of it no longer holds.
class MappingObserver {
  public:
    virtual ~MappingObserver() = default;
    /// Called from the thread of the access that caused the change, which must see it at its next access.
    /// A device's lock is held: nothing of the map may be called but find_page and host_ranges.
    virtual void mapping_changed(Gpa start, u64 size) = 0;
};

/// Who keeps two vCPUs from entering a device's handler at once.
enum class Locking { region, handler };

/// Built before the vCPUs start, and constant while they run but for its layers; reads and writes may come from any
/// thread. Lock order: a device's lock is the innermost; nothing of the map is called while it is held, but RAM
/// accesses.
class AddressMap final : public Dma {
  public:
    AddressMap();
    ~AddressMap() override;
    AddressMap(const AddressMap&) = delete;
    AddressMap& operator=(const AddressMap&) = delete;

    /// Regions must be page-aligned and may not overlap: an overlap is an error that names both.
    Result<> add_ram(Gpa base, RamBlock block, std::string name);
    /// `size` bytes of `block` from `offset` on.
    Result<> add_ram(Gpa base, std::shared_ptr<const RamBlock> block, u64 offset, u64 size, std::string name);
    /// Memory that the guest can only read; `content` is copied, the rest up to `size` is zero.
    Result<> add_rom(Gpa base, u64 size, std::span<const u8> content, std::string name);
    /// `handler` must outlive the map; its calls are serialised by one lock per region, unless it does that itself.
    Result<> add_mmio(Gpa base, u64 size, MmioHandler& handler, std::string name, Locking locking = Locking::region);

    /// Registers that each requester has its own set of; `handlers[n]` answers requester n, and nothing answers others.
    /// They do their own locking.
    Result<> add_banked_mmio(Gpa base, u64 size, std::span<MmioHandler* const> handlers, std::string name);
    /// Memory whose stores go to `handler`, and whose loads come from `content` (`size` bytes that outlive the map)
    /// while direct reads are on, as they are at first; else from `handler`. For flash, which firmware runs from.
    Result<> add_rom_device(Gpa base, u64 size, u8* content, MmioHandler& handler, std::string name);
    /// Switches the direct reads of the ROM device that begins at `base`. Any thread.
    void set_direct_reads(Gpa base, bool direct);

    /// A number for lay(). Of layers that lie at one place the lowest number is seen; over RAM none is. Any thread.
    Result<unsigned> reserve_layer();
    void free_layer(unsigned number);
    static constexpr unsigned kMostLayers = 64;
    /// Lays a layer there, or nowhere. Its memory must stay until no vCPU can have seen it. Any thread.
    void lay(unsigned number, const Layer& layer);

    /// The page that contains `address`; `host` is null if it is a device or nothing.
    PageBacking find_page(Gpa address) const {
        if (address.value - largest_ram_.base < largest_ram_.size) {
            return {largest_ram_.host + (address.page().value - largest_ram_.base), true};
        }
        return find_other_page(address);
    }
    /// All of what find_page finds, ascending. Any thread; of a ROM device that is switched meanwhile, either state.
    std::vector<HostRange> host_ranges() const;
    /// True if anything at all answers at `address`.
    bool is_mapped(Gpa address) const;

    /// A device access of 1, 2, 4 or 8 bytes on behalf of a vCPU; also works on RAM. `requester` is the vCPU's index.
    /// False: nothing there, or not within one region (a bus error).
    bool read(Gpa address, unsigned size, u64& value, unsigned requester = 0) const;
    bool write(Gpa address, unsigned size, u64 value, unsigned requester = 0) const;

    bool copy_in(Gpa address, std::span<u8> out) const override;
    bool copy_out(Gpa address, std::span<const u8> data) const override;
    std::optional<RamSlice> slice(Gpa address, u64 size) const override;
    bool discard(Gpa address, u64 size) const override;

    /// At most one each; null to remove; before the vCPUs start. Called after the bytes are there.
    void set_write_observer(WriteObserver* observer) { write_observer_ = observer; }
    void set_mapping_observer(MappingObserver* observer) { mapping_observer_ = observer; }

    /// Tells the write observer about RAM that was written by other means: in place, or by loaders.
    void announce_write(Gpa start, u64 size) const override {
        if (write_observer_ != nullptr && size != 0) {
            write_observer_->ram_written(start, size);
        }
    }

    /// One line a region, in order of address: "0x09000000-0x09000fff pl011".
    std::string describe() const;

  private:
    struct Region;
    /// Where most pages are that anybody asks for.
    struct LargestRam {
        u64 base = 0, size = 0;
        u8* host = nullptr;
    };

    /// What answers at an address.
    struct Place {
        Region* region = nullptr;  ///< null: a layer, or nothing
        u8* host = nullptr;        ///< of the address itself; null: a device or nothing
        u8* stores = nullptr;      ///< likewise
        u64 offset = 0;            ///< into the region
        u64 extent = 0;            ///< bytes for which all that holds; 0: nothing is there

        bool is_ram() const { return host != nullptr && host == stores; }
    };
    class Layers;

    Region* find(Gpa address) const;
    Place look(Gpa address) const;
    PageBacking find_other_page(Gpa address) const;
    Result<> insert(std::unique_ptr<Region> region);
    template <class Visit>
    bool for_each_piece(Gpa address, u64 size, Visit visit) const;

    std::vector<u64> bases_;                        // of regions_: what the search reads
    std::vector<std::unique_ptr<Region>> regions_;  // sorted by base
    LargestRam largest_ram_;
    const std::unique_ptr<Layers> layers_;
    WriteObserver* write_observer_ = nullptr;
    MappingObserver* mapping_observer_ = nullptr;
};

}  // namespace kelvin::memory
