// SPDX-License-Identifier: Apache-2.0
// A line whose output also goes to a file.
#pragma once

#include <memory>
#include <utility>

#include "backend/char/output_backends.h"

namespace kelvin::backend {

class LoggedBackend final : public CharacterBackend {
  public:
    LoggedBackend(std::unique_ptr<CharacterBackend> line, std::unique_ptr<FileBackend> log)
        : line_(std::move(line)), log_(std::move(log)) {}

    void write(std::span<const u8> bytes) override {
        log_->write(bytes);
        line_->write(bytes);
    }
    std::size_t write_some(std::span<const u8> bytes) override {
        const std::size_t taken = line_->write_some(bytes);
        log_->write(bytes.first(taken));
        return taken;
    }
    bool needs_peer() const override { return line_->needs_peer(); }
    void set_receiver(CharacterReceiver* receiver) override { line_->set_receiver(receiver); }
    void accept_input() override { line_->accept_input(); }
    std::vector<Fd> take_descriptors() override { return line_->take_descriptors(); }
    bool awaits_peer() const override { return line_->awaits_peer(); }
    std::string describe() const override { return line_->describe(); }

  private:
    const std::unique_ptr<CharacterBackend> line_;
    const std::unique_ptr<FileBackend> log_;
};

}  // namespace kelvin::backend
