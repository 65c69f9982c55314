// SPDX-License-Identifier: Apache-2.0
#include "control/gdbstub/server.h"

#include <charconv>

namespace kelvin::gdbstub {

struct Server::Command {
    std::string_view name;
    Handler run;
};

std::optional<u64> parse_hex(std::string_view text) {
    u64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t at = text.find(separator);
    const std::string_view before = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return before;
}

void Server::receive(std::span<const u8> bytes) {
    std::vector<Incoming> incoming;
    for (const u8 byte : bytes) {
        reader_.take(byte, incoming);
        for (const Incoming& one : incoming) {
            take(one);
        }
        incoming.clear();
        if (over_) {
            return;
        }
    }
}

void Server::take(const Incoming& incoming) {
    using Kind = Incoming::Kind;
    switch (incoming.kind) {
        case Kind::begun:
        case Kind::interrupt:
            if (target_.is_running()) {
                target_.stop();
            }
            return;
        case Kind::acknowledged:
            return;
        case Kind::resend:
            return send_(last_sent_);
        case Kind::damaged:
            return acknowledging_ ? send_("-") : void();
        case Kind::too_long:
        case Kind::packet:
            if (acknowledging_) {
                send_("+");
            }
            return incoming.kind == Kind::packet ? dispatch(incoming.payload) : reply_error();
    }
}

void Server::reply(std::string_view payload) {
    last_sent_ = frame(payload);
    send_(last_sent_);
}

/// Its number means nothing to debuggers.
void Server::reply_error() {
    reply("E22");
}

void Server::dispatch(std::string_view payload) {
    // The longest names first, as one may begin like another.
    static constexpr Command kCommands[] = {
        {"vCont?", &Server::list_actions},
        {"vCont;", &Server::act},
        {"vKill;", &Server::kill_and_say_so},
        {"QStartNoAckMode", &Server::stop_acknowledging},
        {"Qqemu.PhyMemMode:", &Server::set_physical},
        {"Qqemu.sstep=", &Server::set_step},
        {"qSupported", &Server::tell_supported},
        {"qXfer:features:read:", &Server::transfer_description},
        {"qfThreadInfo", &Server::first_threads},
        {"qsThreadInfo", &Server::further_threads},
        {"qThreadExtraInfo,", &Server::describe_thread},
        {"qAttached", &Server::tell_attached},
        {"qRcmd,", &Server::execute},
        {"qqemu.PhyMemMode", &Server::tell_physical},
        {"qqemu.sstepbits", &Server::tell_step_bits},
        {"qqemu.sstep", &Server::tell_step},
        {"qqemu.Supported", &Server::tell_extensions},
        {"g", &Server::read_registers},
        {"G", &Server::write_registers},
        {"p", &Server::read_register},
        {"P", &Server::write_register},
        {"m", &Server::read_memory},
        {"M", &Server::write_memory},
        {"X", &Server::write_binary_memory},
        {"Z", &Server::insert_point},
        {"z", &Server::remove_point},
        {"?", &Server::tell_stop},
        {"c", &Server::continue_all},
        {"C", &Server::continue_with_signal},
        {"s", &Server::step_one},
        {"S", &Server::step_with_signal},
        {"H", &Server::choose_thread},
        {"T", &Server::test_thread},
        {"D", &Server::detach},
        {"k", &Server::kill},
    };
    if (payload == "qC") {
        return tell_current_thread("");
    }
    for (const Command& command : kCommands) {
        if (payload.starts_with(command.name)) {
            return (this->*command.run)(payload.substr(command.name.size()));
        }
    }
    // What a server does not know it answers with nothing.
    reply("");
}

}  // namespace kelvin::gdbstub
