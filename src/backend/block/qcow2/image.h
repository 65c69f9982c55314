// SPDX-License-Identifier: Apache-2.0
// A qcow2 image as a layer of a disk.
//
// Requests on different clusters run beside each other; ranges_ keeps those apart that do not bear it: whoever changes
// where a cluster lies has it alone. Tables are looked at without a lock if they are in memory, since everything runs
// on one thread; whoever waits in between, or changes them, holds metadata_.
//
// Data is written before the tables that refer to it, in memory; tables reach the file at commit() only, in the order
// that refcounts.h describes. A flush is a commit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "backend/block/qcow2/format.h"
#include "backend/block/qcow2/refcounts.h"
#include "backend/block/qcow2/snapshot_table.h"

namespace kelvin::block::qcow2 {

struct ImageOptions {
    bool read_only = false;
    bool discard = true;      ///< freed clusters are given back to the host
    bool for_repair = false;  ///< damaged and dirty ones are opened too
    /// Bytes of L2 tables in memory: enough for 256 GiB of disk with clusters of 64 KiB.
    u64 l2_budget = u64{32} << 20;
};

/// What an L2 entry says of a range that starts at some offset.
struct Mapping {
    enum class Kind : u8 { unallocated, zero, normal, compressed, damaged };
    Kind kind = Kind::unallocated;
    u64 length = 0;       ///< bytes for which it holds, in one piece in the file if it is there
    u64 host_offset = 0;  ///< normal: where the first byte is
    bool copied = false;  ///< normal: nobody else refers to these clusters
    u64 entry = 0;        ///< of the first cluster, as it is in the table
};

class Image final : public BlockNode {
  public:
    static Result<std::shared_ptr<Image>> open(IoContext& io, std::shared_ptr<FileNode> file,
                                               const ImageOptions& options);
    ~Image() override = default;

    u64 size() const override { return header_.size; }
    bool read_only() const override { return options_.read_only; }
    std::string_view driver() const override { return "qcow2"; }
    const std::string& path() const override { return file_->path(); }
    void describe(backend::BlockLimits& limits) const override;
    Task<int> read(u64 offset, Buffers buffers) override;
    Task<int> write(u64 offset, Buffers buffers) override;
    Task<int> write_zeroes(u64 offset, u64 length, bool may_unmap) override;
    Task<int> discard(u64 offset, u64 length) override;
    Task<int> flush() override;
    Task<int> freeze() override;
    Task<Outcome<Extent>> extent(u64 offset, u64 length) override;
    Task<int> resize(u64 size) override;
    Task<int> close() override;
    bool begin_direct(u64 offset, u64 length, bool is_write, DirectRequest& request) override;
    void end_direct(DirectRequest& request) override { ranges_.unlock(request.lock); }
    u64 memory_alignment() const override { return file_->memory_alignment(); }
    BlockNode* backing() const override { return backing_.get(); }

    const Header& header() const { return header_; }
    FileNode& file() { return *file_; }
    void set_backing(std::shared_ptr<BlockNode> backing) { backing_ = std::move(backing); }
    const std::vector<Snapshot>& snapshots() const { return snapshots_; }

    /// Writes one cluster, or the disk's end, compressed; as it is if that saves nothing. Not beside other requests.
    Task<int> write_compressed(u64 offset, std::span<const u8> data);
    /// Gives every cluster of the range storage, whose bytes are the file's.
    Task<int> preallocate(u64 offset, u64 length);
    /// Only changes what the header says.
    Task<int> set_backing_name(std::string name, std::string format);
    /// Makes version 3 of it, and says whether refcounts may be written late.
    Task<int> change_features(bool to_version_3, std::optional<bool> lazy_refcounts);
    /// Frees everything, so that all is read from the backing layer.
    Task<int> make_empty();

    Task<int> create_snapshot(std::string name);
    /// `index` of snapshots().
    Task<int> apply_snapshot(u64 index);
    Task<int> delete_snapshot(u64 index);

    Task<int> clear_incompatible(u64 bits);

  private:
    friend class Checker;

    Image(IoContext& io, std::shared_ptr<FileNode> file, Header header, ImageOptions options);
    Task<int> load();
    void note_l2_tables();

    // mapping.cpp
    std::optional<Mapping> known(u64 offset, u64 length);
    Task<Outcome<Mapping>> find(u64 offset, u64 length);
    Mapping map(std::span<const u8> table, u64 offset, u64 length) const;
    Mapping::Kind classify(u64 entry, u64 bitmap, u64 subcluster) const;
    bool is_writable(const Mapping& mapping) const;
    bool is_metadata(u64 host_offset) const;
    Task<Outcome<Table*>> writable_table(u64 l1_index);
    void set_entry(Table& table, u64 index, u64 entry, u64 bitmap);
    u64 entry_at(std::span<const u8> table, u64 index) const {
        return load_entry(table, index * header_.l2_entry_size());
    }
    u64 bitmap_at(std::span<const u8> table, u64 index) const {
        return header_.extended_l2() ? load_entry(table, index * 16 + 8) : 0;
    }
    static u64 load_entry(std::span<const u8> table, u64 at) { return qcow2::load<u64>(table, at); }
    u64 l1_index(u64 offset) const { return (offset >> header_.cluster_bits) / header_.l2_entries(); }
    u64 l2_index(u64 offset) const { return (offset >> header_.cluster_bits) % header_.l2_entries(); }
    u64 table_span() const { return header_.l2_entries() << header_.cluster_bits; }
    void drop_entry(u64 entry);
    void set_l1(u64 index, u64 entry);

    // image_read.cpp
    Task<int> read_mapped(u64 offset, Buffers buffers);
    Task<int> read_backing(u64 offset, Buffers buffers);
    Task<int> read_compressed(const Mapping& mapping, u64 offset, Buffers buffers);
    Task<Outcome<std::vector<u8>>> unpack_cluster(u64 entry, u64 offset);
    void forget_unpacked();

    // image_write.cpp
    Task<Outcome<bool>> write_in_place(u64 offset, Buffers buffers);
    Task<int> write_locked(u64 offset, Buffers buffers);
    Task<Outcome<u64>> write_new(u64 offset, Buffers buffers);
    Task<Outcome<u64>> clusters_to_replace(u64 offset, u64 length);
    Task<int> write_run(const Refcounts::Run& run, u64 offset, Buffers buffers, u64 cow_begin, u64 cow_end);
    Task<int> point_to(const Refcounts::Run& run, u64 offset, u64 end, u64 cow_begin, u64 cow_end);
    Task<int> zero_clusters(u64 offset, u64 length, bool to_zero);
    Task<int> zero_edge(u64 offset, u64 length);
    Task<int> tidy();

    // commit.cpp; all with metadata_
    Task<int> commit();
    Task<int> commit_all();
    Task<int> write_l1();
    Task<int> store_header();
    Task<int> store_whole_header();
    Task<int> mark_corrupt(std::string what);
    Task<Outcome<u64>> write_new_l1(std::span<const u64> entries);
    Task<int> replace_l1(std::vector<u64> entries, u64 disk_size);

    // snapshots.cpp
    Task<int> store_snapshots(std::vector<Snapshot> snapshots);
    Task<int> change_references(std::span<const u64> l1, i64 change);
    Task<int> change_entry_references(u64 entry, i64 change);
    Task<int> refresh_copied();
    Task<Outcome<std::vector<u64>>> load_l1_of(const Snapshot& snapshot);

    IoContext& io_;
    std::shared_ptr<FileNode> file_;
    std::shared_ptr<BlockNode> backing_;
    Header header_;
    ImageOptions options_;
    std::vector<Snapshot> snapshots_;
    u64 snapshot_table_size_ = 0;
    std::vector<u64> l1_;
    u64 l1_dirty_begin_ = ~u64{0};  // entries that the file does not have
    u64 l1_dirty_end_ = 0;
    bool is_committing_ = false;  // tables were written, and are not known to be durable
    TableCache l2_;
    Refcounts refcounts_;
    std::unordered_set<u64> l2_tables_;  // offsets of those that l1_ refers to
    RangeLock ranges_;
    TaskMutex metadata_;
    bool corrupt_ = false;
    u64 compressed_at_ = 0;  // where the next compressed cluster may go; 0: nowhere
    /// Compressed clusters that were read last, by their place on the disk: requests for one wait for each other, those
    /// for others do not.
    struct Unpacked {
        explicit Unpacked(IoContext& io) : lock(io) {}
        TaskMutex lock;
        u64 entry = 0;  // that of the cluster which `bytes` hold; 0: none
        std::vector<u8> bytes;
    };
    static constexpr unsigned kUnpacked = 8;
    std::vector<std::unique_ptr<Unpacked>> unpacked_;
};

}  // namespace kelvin::block::qcow2
