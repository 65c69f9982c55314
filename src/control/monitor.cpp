// SPDX-License-Identifier: Apache-2.0
#include "control/monitor.h"

namespace kelvin::control {

namespace {

/// Programs that talk to a monitor wait for QEMU's.
constexpr const char* kPrompt = "(qemu) ";
/// Nobody types more; what comes by a pipe must not grow without end.
constexpr std::size_t kLongestLine = 4096;

}  // namespace

std::string Monitor::greeting() {
    const std::string hint = greeted_ ? "" : "Kelvin's monitor: `help` lists its commands\n";
    greeted_ = true;
    return hint + kPrompt + line_;
}

std::string Monitor::type(std::span<const u8> bytes) {
    constexpr u8 kBackspace = 8;
    constexpr u8 kDelete = 127;
    constexpr u8 kEraseLine = 21;
    std::string echo;
    for (const u8 byte : bytes) {
        if (byte == '\r' || byte == '\n') {
            echo += "\n" + execute(line_) + kPrompt;
            line_.clear();
        } else if ((byte == kBackspace || byte == kDelete) && !line_.empty()) {
            line_.pop_back();
            echo += "\b \b";
        } else if (byte == kEraseLine) {
            for (; !line_.empty(); line_.pop_back()) {
                echo += "\b \b";
            }
        } else if (byte >= 0x20 && byte < kDelete && line_.size() < kLongestLine) {
            line_ += static_cast<char>(byte);
            echo += static_cast<char>(byte);
        }
    }
    return echo;
}

}  // namespace kelvin::control
