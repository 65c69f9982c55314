// SPDX-License-Identifier: Apache-2.0
// A flash image in a file, as it is.
#pragma once

#include <memory>

#include "backend/flash/flash_image.h"
#include "base/fd.h"

namespace kelvin::backend {

/// Writes go to the host's page cache before they are reported.
class FlashFile final : public FlashImage {
  public:
    /// `role` is what messages call it: "pflash0", "firmware".
    /// `forgets`: what is written is not kept, nor is the file changed.
    static Result<std::unique_ptr<FlashFile>> open(std::string role, std::string path, bool read_only,
                                                   bool forgets = false);

    std::string name() const override { return role_ + " '" + path_ + "'"; }
    u64 size() const override { return size_; }
    bool read_only() const override { return read_only_; }
    Result<> read(std::span<u8> out) const override;
    void write(u64 offset, std::span<const u8> bytes, FlashWriteObserver& observer) override;

  private:
    FlashFile(Fd fd, u64 size, bool read_only, std::string role, std::string path)
        : fd_(std::move(fd)), size_(size), read_only_(read_only), role_(std::move(role)), path_(std::move(path)) {}

    Result<> read_piece(u64 offset, std::span<u8> out) const;

    Fd fd_;
    bool forgets_ = false;
    u64 size_;
    bool read_only_;
    std::string role_;
    std::string path_;
};

}  // namespace kelvin::backend
