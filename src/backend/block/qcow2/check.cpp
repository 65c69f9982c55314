// SPDX-License-Identifier: Apache-2.0
#include "backend/block/qcow2/check.h"

#include <fmt/format.h>

#include "base/bits.h"

namespace kelvin::block::qcow2 {

void Checker::corrupt(const std::string& what) {
    ++report_->corruptions;
    if (report_->findings.size() < kMaxFindings) {
        report_->findings.push_back("ERROR " + what);
    }
}

void Checker::refer(u64 offset, u64 bytes, const std::string& who) {
    const u64 size = image_.header_.cluster_size();
    const u64 end = align_up(image_.file_->file_size(), size);
    if (bytes == 0) {
        return;
    }
    if (offset > end || bytes > end - align_down(offset, size) + size) {
        corrupt(fmt::format("{} refers to {:#x}, behind the file's end", who, offset));
        return;
    }
    for (u64 at = align_down(offset, size); at < offset + bytes; at += size) {
        ++references_[at >> image_.header_.cluster_bits];
    }
}

void Checker::walk_entry(u64 entry, u64 bitmap, const std::string& who) {
    if ((entry & kCompressed) != 0) {
        const unsigned x = 62 - (image_.header_.cluster_bits - 8);
        refer(align_down(entry & low_mask(x) & low_mask(56), 512), (bits(entry, 61, x) + 1) * 512, who);
        return;
    }
    for (u64 i = 0; i < image_.header_.subclusters(); ++i) {
        if (image_.classify(entry, bitmap, i) == Mapping::Kind::damaged) {
            corrupt(fmt::format("{} is {:#x}, which says nothing valid", who, entry));
            return;
        }
    }
    if ((entry & kOffsetMask) != 0) {
        refer(entry & kOffsetMask, image_.header_.cluster_size(), who);
    }
}

Task<int> Checker::walk(std::span<const u64> l1, const std::string& who) {
    const Header& header = image_.header_;
    for (u64 i = 0; i < l1.size(); ++i) {
        const u64 offset = l1[i] & kOffsetMask;
        if (offset == 0) {
            continue;
        }
        const std::string name = fmt::format("{} entry {}", who, i);
        if ((l1[i] & kReservedL1) != 0 || (offset & (header.cluster_size() - 1)) != 0) {
            corrupt(fmt::format("{} is {:#x}, which is not aligned or has reserved bits", name, l1[i]));
            continue;
        }
        refer(offset, header.cluster_size(), name);
        if (offset >= image_.file_->file_size()) {
            continue;
        }
        const auto table = co_await image_.l2_.get(offset);
        if (!table) {
            co_return table.error();
        }
        for (u64 j = 0; j < header.l2_entries(); ++j) {
            const u64 entry = image_.entry_at((*table)->bytes(), j);
            const u64 bitmap = image_.bitmap_at((*table)->bytes(), j);
            if ((entry | bitmap) != 0) {
                const std::string where = fmt::format("L2 table {:#x} entry {}", offset, j);
                walk_entry(entry, bitmap, where);
            }
        }
        if (image_.l2_.is_over_budget()) {
            image_.l2_.trim();
        }
    }
    co_return 0;
}

Task<int> Checker::refer_to_all() {
    const Header& header = image_.header_;
    refer(0, header.cluster_size(), "the header");
    refer(header.l1_offset, u64{header.l1_size} * 8, "the header's L1 table");
    refer(header.refcount_table_offset, u64{header.refcount_table_clusters} << header.cluster_bits,
          "the header's refcount table");
    refer(header.snapshots_offset, image_.snapshot_table_size_, "the header's snapshot table");
    for (const u64 offset : image_.refcounts_.table()) {
        if (offset != 0) {
            refer(offset, header.cluster_size(), "the refcount table");
        }
    }
    const std::string active = "L1 table";
    int error = co_await walk(image_.l1_, active);
    for (const Snapshot& snapshot : image_.snapshots_) {
        if (error != 0) {
            break;
        }
        const std::string name = fmt::format("snapshot '{}': L1 table", snapshot.name);
        refer(snapshot.l1_offset, u64{snapshot.l1_size} * 8, name);
        const auto l1 = co_await image_.load_l1_of(snapshot);
        if (!l1) {
            corrupt(name);
            continue;
        }
        error = co_await walk(*l1, name);
    }
    co_return error;
}

void Checker::check_copied(u64 entry, Repair repair, const std::string& who) {
    const auto found = references_.find((entry & kOffsetMask) >> image_.header_.cluster_bits);
    if ((entry & (kCopied | kCompressed)) == kCopied && found != references_.end() && found->second > 1) {
        corrupt(fmt::format("{} is {:#x}, to be written in place, but its cluster has {} references", who, entry,
                            found->second));
        report_->repaired += repair == Repair::all ? 1 : 0;
    }
}

/// Whoever writes in place to what a snapshot has too changes the snapshot.
Task<int> Checker::check_all_copied(Repair repair) {
    for (u64 i = 0; i < image_.l1_.size(); ++i) {
        const u64 offset = image_.l1_[i] & kOffsetMask;
        check_copied(image_.l1_[i], repair, fmt::format("L1 table entry {}", i));
        if (offset == 0 || (offset & (image_.header_.cluster_size() - 1)) != 0 || offset >= image_.file_->file_size()) {
            continue;
        }
        const auto table = co_await image_.l2_.get(offset);
        if (!table) {
            co_return table.error();
        }
        for (u64 j = 0; j < image_.header_.l2_entries(); ++j) {
            const u64 entry = image_.entry_at((*table)->bytes(), j);
            if ((entry & kCopied) != 0) {
                check_copied(entry, repair, fmt::format("L2 table {:#x} entry {}", offset, j));
            }
        }
        if (image_.l2_.is_over_budget()) {
            image_.l2_.trim();
        }
    }
    co_return 0;
}

Task<int> Checker::compare(Repair repair) {
    const u64 clusters = std::max(image_.header_.clusters_of(image_.file_->file_size()),
                                  references_.empty() ? 0 : references_.rbegin()->first + 1);
    for (u64 cluster = 0; cluster < clusters; ++cluster) {
        const u64 offset = cluster << image_.header_.cluster_bits;
        const auto found = references_.find(cluster);
        const u64 wanted = found == references_.end() ? 0 : found->second;
        const auto count = co_await image_.refcounts_.count(offset);
        if (!count) {
            corrupt(fmt::format("the refcount of the cluster at {:#x} cannot be read", offset));
            continue;
        }
        if (*count == wanted) {
            continue;
        }
        const bool leak = *count > wanted;
        if (leak) {
            ++report_->leaks;
            if (report_->findings.size() < kMaxFindings) {
                report_->findings.push_back(
                    fmt::format("Leaked cluster at {:#x}: refcount {}, references {}", offset, *count, wanted));
            }
        } else {
            corrupt(fmt::format("the cluster at {:#x} has refcount {} and {} references", offset, *count, wanted));
        }
        if (repair == Repair::all || (repair == Repair::leaks && leak)) {
            if (const int error = co_await image_.refcounts_.add(offset, static_cast<i64>(wanted - *count));
                error != 0) {
                co_return error;
            }
            ++report_->repaired;
        }
    }
    co_return 0;
}

Task<int> Checker::run(Repair repair, CheckReport& report) {
    report_ = &report;
    int error = co_await refer_to_all();
    // Without snapshots nothing is referred to twice but by damage that compare() finds.
    if (error == 0 && !image_.snapshots_.empty()) {
        error = co_await check_all_copied(repair);
    }
    if (error == 0) {
        error = co_await compare(repair);
    }
    if (error != 0 || repair == Repair::nothing) {
        co_return error;
    }
    co_await image_.metadata_.lock();
    const TaskGuard guard(image_.metadata_);
    if (repair == Repair::all) {
        error = co_await image_.refresh_copied();
    }
    if (error == 0) {
        error = co_await image_.commit_all();
    }
    if (error == 0 && repair == Repair::all && (image_.header_.incompatible & (kDirty | kCorrupt)) != 0 &&
        report.repaired >= report.corruptions + report.leaks) {
        error = co_await image_.clear_incompatible(kDirty | kCorrupt);
    }
    co_return error;
}

}  // namespace kelvin::block::qcow2
