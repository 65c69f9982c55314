// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "control/gdbstub/server.h"

namespace kelvin::gdbstub {

namespace {

// QEMU's bits of how to step. We have no third, which lets no timers run meanwhile.
constexpr u64 kStepEnable = 1, kStepNoInterrupts = 2;

}  // namespace

void Server::tell_supported(std::string_view rest) {
    names_processes_ = rest.find("multiprocess+") != std::string_view::npos;
    reply(fmt::format("PacketSize={:x};qXfer:features:read+;vContSupported+;multiprocess+;QStartNoAckMode+",
                      kMaxPayload));
}

/// The answer to this is the first that is not acknowledged.
void Server::stop_acknowledging(std::string_view) {
    acknowledging_ = false;
    reply_ok();
}

/// "file:offset,length"
void Server::transfer_description(std::string_view rest) {
    const std::string text = target_.description(take_until(rest, ':'));
    const auto offset = parse_hex(take_until(rest, ','));
    const auto length = parse_hex(rest);
    if (text.empty() || !offset || !length || *offset > text.size()) {
        return reply("E00");
    }
    const std::string_view part = std::string_view(text).substr(*offset, std::min<u64>(*length, kMaxPayload / 2 - 1));
    const bool last = *offset + part.size() == text.size();
    reply((last ? "l" : "m") + escape(part));
}

void Server::first_threads(std::string_view) {
    std::string text = "m";
    for (unsigned thread = 0; thread < target_.thread_count(); thread++) {
        text += (thread == 0 ? "" : ",") + name_of(thread);
    }
    reply(text);
}

void Server::further_threads(std::string_view) {
    reply("l");
}

void Server::tell_current_thread(std::string_view) {
    reply("QC" + name_of(chosen_));
}

void Server::describe_thread(std::string_view rest) {
    const auto threads = threads_of(rest);
    if (!threads || threads->empty()) {
        return reply_error();
    }
    reply(to_hex(target_.describe_thread(*threads->begin())));
}

/// The machine was there before.
void Server::tell_attached(std::string_view) {
    reply("1");
}

void Server::execute(std::string_view rest) {
    constexpr std::size_t kPiece = kMaxPayload / 2 - 1;
    const auto line = from_hex(rest);
    if (!line) {
        return reply_error();
    }
    const std::string text = target_.execute({reinterpret_cast<const char*>(line->data()), line->size()});
    for (std::size_t at = 0; at < text.size(); at += kPiece) {
        reply("O" + to_hex(std::string_view(text).substr(at, kPiece)));
    }
    reply_ok();
}

void Server::tell_extensions(std::string_view) {
    reply("sstepbits;sstep;PhyMemMode");
}

void Server::tell_physical(std::string_view) {
    reply(physical_ ? "1" : "0");
}

void Server::set_physical(std::string_view rest) {
    if (rest != "0" && rest != "1") {
        return reply_error();
    }
    physical_ = rest == "1";
    reply_ok();
}

void Server::tell_step_bits(std::string_view) {
    reply(fmt::format("ENABLE={},NOIRQ={}", kStepEnable, kStepNoInterrupts));
}

void Server::tell_step(std::string_view) {
    reply(fmt::format("0x{:x}", kStepEnable | (step_interrupts_ ? 0 : kStepNoInterrupts)));
}

void Server::set_step(std::string_view rest) {
    const auto bits = parse_hex(rest.starts_with("0x") ? rest.substr(2) : rest);
    if (!bits || (*bits & kStepEnable) == 0 || (*bits & ~(kStepEnable | kStepNoInterrupts)) != 0) {
        return reply_error();
    }
    step_interrupts_ = (*bits & kStepNoInterrupts) == 0;
    reply_ok();
}

}  // namespace kelvin::gdbstub
