// SPDX-License-Identifier: Apache-2.0
// Copying and comparing disks.
#pragma once

#include <cstdio>
#include <string>

#include "backend/block/node.h"
#include "base/result.h"
#include "control/image/command.h"

namespace kelvin::control::image {

/// "    (12.34/100%)" on one line of the terminal, as qemu-img's -p.
class Progress {
  public:
    Progress(bool shown, u64 total) : shown_(shown), total_(total) {}
    ~Progress() {
        if (shown_) {
            std::printf("    (100.00/100%%)\n");
        }
    }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    void at(u64 done) {
        if (shown_ && total_ != 0 && done * 1000 / total_ != last_) {
            last_ = done * 1000 / total_;
            std::printf("    (%.2f/100%%)\r", static_cast<double>(last_) / 10);
            std::fflush(stdout);
        }
    }

  private:
    bool shown_;
    u64 total_;
    u64 last_ = ~u64{0};
};

/// How far from `offset` on the disk, with what is behind it, is known to be zero or not.
struct Piece {
    u64 length = 0;
    bool zero = false;
    unsigned depth = 0;    ///< how many layers down it is
    bool present = false;  ///< in any layer
    std::optional<u64> host_offset;
    bool compressed = false;
};
block::Task<block::Outcome<Piece>> piece_at(block::BlockNode& disk, u64 offset, u64 length);

struct Copy {
    block::IoContext& io;
    block::BlockNode& source;
    block::OpenedImage& target;
    u64 from = 0;  ///< where in the source the target begins
    u64 size = 0;  ///< bytes that are copied
    bool compress = false;
    bool zeroes_needed = false;  ///< the target has something else already
    u64 sparse_size = 4096;      ///< shorter runs of zeroes are written as they are
};

Result<> copy_disk(const Copy& copy, Progress& progress);

}  // namespace kelvin::control::image
