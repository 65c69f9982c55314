// SPDX-License-Identifier: Apache-2.0
// Ends of a serial line from which nothing comes.
#pragma once

#include <memory>
#include <string>

#include "backend/char/character_device.h"
#include "backend/char/host_output.h"
#include "base/event_loop.h"
#include "base/fd.h"
#include "base/result.h"

namespace kelvin::backend {

/// Discards everything.
class NullBackend final : public CharacterBackend {
  public:
    void write(std::span<const u8>) override {}
    void set_receiver(CharacterReceiver*) override {}
    void accept_input() override {}
};

/// Writes to a file.
class FileBackend final : public CharacterBackend {
  public:
    /// Creates the file at `path`, or empties it unless `append`. `loop` must outlive the back end, which must outlive
    /// the loop's run().
    static Result<std::unique_ptr<FileBackend>> open(const std::string& path, EventLoop& loop, bool append = false);
    ~FileBackend() override { output_.finish(); }

    void write(std::span<const u8> bytes) override { output_.write(bytes); }
    void set_receiver(CharacterReceiver*) override {}
    void accept_input() override {}
    std::string describe() const override { return "file"; }

  private:
    FileBackend(Fd fd, EventLoop& loop) : fd_(std::move(fd)), output_(fd_.get(), loop) {}

    Fd fd_;
    HostOutput output_;
};

}  // namespace kelvin::backend
