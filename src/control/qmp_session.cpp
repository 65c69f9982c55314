// SPDX-License-Identifier: Apache-2.0
#include "control/qmp_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/nearest_name.h"
#include "control/qmp_version.h"

namespace kelvin::control {

namespace {

using state::Json;

/// A client cannot make Kelvin hold more than this of a command that does not end.
constexpr std::size_t kLongestCommand = std::size_t{4} << 20;
/// Nor more descriptors than this for commands that do not come.
constexpr std::size_t kMostDescriptors = 16;
constexpr std::string_view kOutOfBand = "oob";

QmpFailure no_such_command(const std::string& name) {
    const std::vector<std::string_view> names = qmp_command_names();
    return {"CommandNotFound", fmt::format("there is no command {}{}", name, did_you_mean(name, names))};
}

/// The first argument that a command needs and does not have.
std::string missing_argument(const QmpCommand& command, const Json& arguments) {
    for (std::string_view rest = command.required; !rest.empty();) {
        const std::string name(rest.substr(0, rest.find(' ')));
        if (!arguments.contains(name)) {
            return name;
        }
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    }
    return {};
}

}  // namespace

QmpSession::QmpSession(backend::CharacterBackend& line, QmpTarget& target) : line_(line), target_(target) {
    line_.set_receiver(this);
}

QmpSession::~QmpSession() {
    line_.set_receiver(nullptr);
}

void QmpSession::connected() {
    if (phase_ == Phase::absent) {
        phase_ = Phase::negotiating;
        out_of_band_ = false;
        text_.clear();
        too_long_ = false;
        send({{"QMP", {{"version", qmp_version()}, {"capabilities", Json::array({kOutOfBand})}}}});
    }
}

void QmpSession::disconnected() {
    phase_ = Phase::absent;
    descriptors_.clear();
}

Result<Fd> QmpSession::take_descriptor() {
    if (descriptors_.empty()) {
        return user_error("no file descriptor came with the command", "send it with SCM_RIGHTS on the same socket");
    }
    Fd first = std::move(descriptors_.front());
    descriptors_.erase(descriptors_.begin());
    return first;
}

size_t QmpSession::space() {
    return kLongestCommand;
}

void QmpSession::receive(std::span<const u8> bytes) {
    for (Fd& descriptor : line_.take_descriptors()) {
        if (descriptors_.size() < kMostDescriptors) {
            descriptors_.push_back(std::move(descriptor));
        }
    }
    for (const u8 byte : bytes) {
        if (byte == '\n') {
            take_line();
        } else if (text_.size() < kLongestCommand) {
            text_ += static_cast<char>(byte);
        } else {
            too_long_ = true;
        }
    }
}

void QmpSession::take_line() {
    const std::string line = std::exchange(text_, {});
    if (std::exchange(too_long_, false)) {
        send(QmpReply(QmpFailure{.words = fmt::format("a command has {} bytes at most", kLongestCommand)}).message());
        return;
    }
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
        return;
    }
    const auto request = state::parse_json(line);
    send(request ? answer(*request) : QmpReply(request.error()).message());
}

Json QmpSession::answer(const Json& request) {
    if (!request.is_object()) {
        return QmpReply(QmpFailure{.words = "a command is an object: {\"execute\":\"query-status\"}"}).message();
    }
    Json arguments = Json::object();
    std::string name;
    bool out_of_band = false;
    Json reply;
    for (const auto& [key, value] : request.items()) {
        if (key == "arguments" && value.is_object()) {
            arguments = value;
        } else if ((key == "execute" || key == "exec-oob") && value.is_string() && name.empty()) {
            name = value.get<std::string>();
            out_of_band = key == "exec-oob";
        } else if (key != "id") {
            reply = QmpReply(QmpFailure{.words = fmt::format("'{}' does not belong into a command", key)}).message();
        }
    }
    if (reply.is_null() && name.empty()) {
        reply = QmpReply(QmpFailure{.words = "a command is named by \"execute\""}).message();
    }
    if (reply.is_null()) {
        reply = execute(name, arguments, out_of_band).message();
    }
    if (const auto id = request.find("id"); id != request.end()) {
        reply["id"] = *id;
    }
    return reply;
}

QmpReply QmpSession::negotiate(const Json& arguments) {
    if (phase_ != Phase::negotiating) {
        return QmpFailure{"CommandNotFound", "the capabilities have been negotiated already"};
    }
    std::vector<std::string> enabled;
    if (const auto given = arguments.find("enable"); given != arguments.end()) {
        KELVIN_TRY(state::read_value(*given, enabled));
    }
    for (const std::string& capability : enabled) {
        if (capability != kOutOfBand) {
            return QmpFailure{.words = fmt::format("there is no capability '{}'", capability)};
        }
    }
    out_of_band_ = !enabled.empty();
    phase_ = Phase::ready;
    return Json::object();
}

QmpReply QmpSession::execute(const std::string& name, const Json& arguments, bool out_of_band) {
    if (name == kQmpNegotiate) {
        return negotiate(arguments);
    }
    if (phase_ != Phase::ready) {
        return QmpFailure{"CommandNotFound", "the first command has to be qmp_capabilities"};
    }
    // Commands end at once and in the order of their coming, so that there is nothing to overtake.
    if (out_of_band && !out_of_band_) {
        return QmpFailure{.words = "exec-oob needs qmp_capabilities with \"enable\":[\"oob\"]"};
    }
    const QmpCommand* const command = find_qmp_command(name);
    if (command == nullptr) {
        return no_such_command(name);
    }
    if (const std::string missing = missing_argument(*command, arguments); !missing.empty()) {
        return QmpFailure{.words = fmt::format("{} needs the argument '{}'", name, missing)};
    }
    QmpContext context{target_, *this};
    return command->run(context, arguments);
}

void QmpSession::emit(std::string_view event, const Json& data) {
    if (phase_ != Phase::ready) {
        return;
    }
    using namespace std::chrono;
    const auto now = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
    Json message = {{"event", event}, {"timestamp", {{"seconds", now / 1'000'000}, {"microseconds", now % 1'000'000}}}};
    if (!data.is_null()) {
        message["data"] = data;
    }
    send(message);
}

void QmpSession::send(const Json& message) {
    const std::string text = state::to_text(message) + "\r\n";
    line_.write({reinterpret_cast<const u8*>(text.data()), text.size()});
}

}  // namespace kelvin::control
