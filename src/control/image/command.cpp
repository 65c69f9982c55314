// SPDX-License-Identifier: Apache-2.0
#include "control/image/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/nearest_name.h"

namespace kelvin::control::image {

namespace {

struct Verb {
    std::string_view name;
    std::string_view usage;
    std::string_view with_value;
    std::string_view flags;
    Result<int> (*run)(block::IoContext&, const Arguments&);
};

constexpr auto kVerbs = std::to_array<Verb>({
    {"amend", "[-f FORMAT] -o OPTIONS FILE", "fot", "qp", &amend},
    {"check", "[-f FORMAT] [-r leaks|all] FILE", "fr", "qU", &check},
    {"commit", "[-f FORMAT] FILE", "ft", "qp", &commit},
    {"compare", "[-f FORMAT] [-F FORMAT] [-s] FILE FILE", "fF", "qspU", &compare},
    {"convert", "[-f FORMAT] [-O FORMAT] [-c] [-n] [-p] [-o OPTIONS] [-B BACKING -F FORMAT] FILE OUTPUT", "fOoBFtTmS",
     "cnpqWU", &convert},
    {"create", "[-f FORMAT] [-o OPTIONS] [-b BACKING -F FORMAT] FILE [SIZE]", "fobF", "qu", &create},
    {"dd", "[-f FORMAT] [-O FORMAT] [bs=SIZE] [count=N] [skip=N] if=FILE of=FILE", "fO", "U", &dd},
    {"info", "[-f FORMAT] [--output=human|json] [--backing-chain] FILE", "f", "U", &info},
    {"map", "[-f FORMAT] [--output=human|json] FILE", "f", "U", &map},
    {"measure", "[-O FORMAT] [-o OPTIONS] [--output=human|json] [--size SIZE | [-f FORMAT] FILE]", "fOo", "U",
     &measure},
    {"rebase", "[-f FORMAT] [-u] [-p] -b BACKING [-F FORMAT] FILE", "fbFtT", "upqU", &rebase},
    {"resize", "[-f FORMAT] [--shrink] FILE [+|-]SIZE", "f", "q", &resize},
    {"snapshot", "[-l | -a NAME | -c NAME | -d NAME] FILE", "acdf", "lqU", &snapshot},
});

constexpr auto kLongNames =
    std::to_array<std::string_view>({"output", "backing-chain", "shrink", "force-share", "format", "size"});

int complain(const Error& error) {
    std::fprintf(stderr, "kelvin-img: %s\n", error.message().c_str());
    return 1;
}

std::string usage() {
    std::string text = "usage: kelvin-img VERB ...\n";
    for (const Verb& verb : kVerbs) {
        text += fmt::format("  kelvin-img {} {}\n", verb.name, verb.usage);
    }
    return text + "Formats: raw, qcow2. Sizes: 512, 64k, 10G.\n";
}

Error unknown_verb(std::string_view word) {
    std::vector<std::string_view> names;
    for (const Verb& verb : kVerbs) {
        names.push_back(verb.name);
    }
    return user_error(fmt::format("'{}' is not a verb{}", word, did_you_mean(word, names)),
                      "kelvin-img --help lists them");
}

}  // namespace

std::string Arguments::value(const std::string& name) const {
    const auto found = options.find(name);
    return found == options.end() || found->second.empty() ? std::string() : found->second.back();
}

Result<Arguments> parse_arguments(const std::vector<std::string_view>& words, std::string_view with_value,
                                  std::string_view flags) {
    Arguments arguments;
    bool only_operands = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (only_operands || word.size() < 2 || word[0] != '-') {
            arguments.operands.emplace_back(word);
        } else if (word == "--") {
            only_operands = true;
        } else if (word.starts_with("--")) {
            const std::size_t equals = word.find('=');
            const std::string_view name = word.substr(2, equals == word.npos ? equals : equals - 2);
            if (std::ranges::find(kLongNames, name) == kLongNames.end()) {
                return user_error(fmt::format("there is no option '{}'{}", word, did_you_mean(name, kLongNames)));
            }
            const bool takes_next = equals == word.npos && (name == "size" || name == "output");
            if (takes_next && i + 1 == words.size()) {
                return user_error(fmt::format("option '{}' needs a value", word));
            }
            arguments.options[name == "force-share" ? "U" : std::string(name)].emplace_back(
                takes_next            ? words[++i]
                : equals == word.npos ? std::string_view()
                                      : word.substr(equals + 1));
        } else {
            for (std::size_t at = 1; at < word.size(); ++at) {
                const std::string letter(1, word[at]);
                if (flags.find(word[at]) != flags.npos) {
                    arguments.options[letter].emplace_back();
                    continue;
                }
                if (with_value.find(word[at]) == with_value.npos) {
                    return user_error(fmt::format("there is no option '-{}' here", letter));
                }
                if (at + 1 == word.size() && i + 1 == words.size()) {
                    return user_error(fmt::format("option '-{}' needs a value", letter));
                }
                arguments.options[letter].emplace_back(at + 1 < word.size() ? word.substr(at + 1) : words[++i]);
                break;
            }
        }
    }
    return arguments;
}

Result<block::Format> named_format(const std::string& name) {
    const auto format = block::format_called(name);
    if (!format) {
        constexpr std::string_view kNames[] = {"raw", "qcow2"};
        return user_error(fmt::format("there is no image format '{}'{}", name, did_you_mean(name, kNames)),
                          "there are raw and qcow2");
    }
    return *format;
}

Result<std::optional<block::Format>> format_option(const Arguments& arguments, const std::string& letter) {
    if (!arguments.has(letter)) {
        return std::optional<block::Format>();
    }
    return std::optional(KELVIN_TRY(named_format(arguments.value(letter))));
}

Result<block::OpenedImage> open(block::IoContext& io, const std::string& path, std::optional<block::Format> format,
                                bool writes, bool share) {
    block::OpenOptions options;
    options.file.path = path;
    options.file.read_only = !writes;
    options.file.lock = share ? block::LockMode::none : writes ? block::LockMode::writer : block::LockMode::reader;
    options.format = format;
    return block::open_image(io, options);
}

Result<> outcome(int error, const std::string& doing) {
    return error == 0 ? ok() : Result<>(host_error(doing, error));
}

int run(const std::vector<std::string_view>& words) {
    if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        std::fputs(usage().c_str(), words.empty() ? stderr : stdout);
        return words.empty() ? 1 : 0;
    }
    if (words[0] == "--version" || words[0] == "-V") {
        std::puts("kelvin-img");
        return 0;
    }
    const auto verb = std::ranges::find(kVerbs, words[0], &Verb::name);
    if (verb == kVerbs.end()) {
        return complain(unknown_verb(words[0]));
    }
    const auto arguments = parse_arguments({words.begin() + 1, words.end()}, verb->with_value, verb->flags);
    if (!arguments) {
        return complain(user_error(arguments.error().what, fmt::format("kelvin-img {} {}", verb->name, verb->usage)));
    }
    auto io = block::IoContext::create();
    if (!io) {
        return complain(io.error());
    }
    const auto status = verb->run(**io, *arguments);
    // qemu-img compare: 1 says that images differ, so that errors are 2.
    return status ? *status : complain(status.error()) + (verb->name == "compare" ? 1 : 0);
}

}  // namespace kelvin::control::image
