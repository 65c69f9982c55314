// SPDX-License-Identifier: Apache-2.0
// A machine's disks: images that are open, by the names that users gave them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/block/chain/open_image.h"
#include "backend/block/drive.h"
#include "base/event_loop.h"
#include "vm/drive_spec.h"

namespace kelvin::vm {

/// Made and destroyed by the control loop's thread; everything else is the I/O loop's, which is called where needed.
class Drives {
  public:
    /// `io` outlives this object.
    explicit Drives(EventLoop& io) : io_(io) {}
    ~Drives();
    Drives(const Drives&) = delete;
    Drives& operator=(const Drives&) = delete;

    /// Opens the image. Its id must be new.
    Result<> add(const DriveSpec& spec);
    /// Remarks for the user, each once: an image whose format was not named.
    const std::vector<std::string>& notes() const { return notes_; }

    /// I/O loop's thread. One device at a time has a drive; an error names the drives that there are.
    Result<backend::BlockDevice*> claim(std::string_view id, const std::string& owner);
    void release(const std::string& owner);

    /// One line a drive: "disk0: a.img (raw, 1 GiB)".
    std::string describe() const;

  private:
    struct Entry {
        DriveSpec spec;
        block::OpenedImage image;
        std::unique_ptr<block::Drive> drive;
        std::string owner;  // empty: none
    };
    Result<block::IoContext*> context(AioMode mode);
    Result<> open(const DriveSpec& spec);
    Result<block::Format> format_of(const DriveSpec& spec);

    EventLoop& io_;
    std::vector<std::unique_ptr<Entry>> entries_;
    std::vector<std::string> notes_;
    std::unique_ptr<block::IoContext> contexts_[2];  // automatic or io_uring; threads
};

}  // namespace kelvin::vm
