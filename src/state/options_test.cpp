// SPDX-License-Identifier: Apache-2.0
#include "state/options.h"

#include <gtest/gtest.h>

namespace kelvin::state {
namespace {

enum class Colour : u8 { red, green };
std::span<const EnumName<Colour>> enum_names(Colour) {
    static constexpr EnumName<Colour> kNames[] = {{"red", Colour::red}, {"green", Colour::green}};
    return kNames;
}
std::string_view enum_type_name(Colour) {
    return "Colour";
}

struct Options {
    std::string drive;
    bool share = false;
    u16 queues = 1;
    i32 bootindex = -1;
    Size window{4096};
    OnOffAuto msi = OnOffAuto::automatic;
    MacAddress mac;
    Colour colour = Colour::red;
    std::optional<u32> limit;
    std::vector<std::string> forwards;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("drive", drive, "the drive");
        visit("share", share, "shared with others");
        visit("queues", queues, "how many queues");
        visit("bootindex", bootindex, "which to boot first");
        visit("window", window, "bytes");
        visit("msi", msi, "message interrupts");
        visit("mac", mac, "address");
        visit("colour", colour, "paint");
        visit("limit", limit, "at most");
        visit("forward", forwards, "ports");
    }
};

Options read(std::string_view text) {
    constexpr std::string_view kLists[] = {"forward"};
    const Result<Json> object = parse_options(text, "drive", kLists);
    EXPECT_TRUE(object) << object.error().message();
    Options options;
    const Result<> outcome = read_options("thing", *object, options);
    EXPECT_TRUE(outcome) << outcome.error().message();
    return options;
}

std::string error_of(std::string_view text) {
    const Result<Json> object = parse_options(text);
    if (!object) {
        return object.error().message();
    }
    Options options;
    const Result<> outcome = read_options("thing", *object, options);
    return outcome ? "" : outcome.error().message();
}

TEST(Options, ReadsKeysAndValues) {
    const Options o = read(
        "d,,0,share,queues=0x10,bootindex=-2,window=1M,msi=off,mac=02:00:00:00:00:ff,colour=green,"
        "limit=7,forward=a,forward=b");
    EXPECT_EQ(o.drive, "d,0");
    EXPECT_TRUE(o.share);
    EXPECT_EQ(o.queues, 16);
    EXPECT_EQ(o.bootindex, -2);
    EXPECT_EQ(o.window.bytes, 1U << 20);
    EXPECT_EQ(o.msi, OnOffAuto::off);
    EXPECT_EQ(o.mac.text(), "02:00:00:00:00:ff");
    EXPECT_EQ(o.colour, Colour::green);
    EXPECT_EQ(o.limit, 7U);
    EXPECT_EQ(o.forwards, (std::vector<std::string>{"a", "b"}));
}

TEST(Options, ReadsJson) {
    const Options o = read(R"({"drive":"d","share":true,"queues":2,"window":8192,"msi":"on","forward":[{"str":"x"}]})");
    EXPECT_EQ(o.drive, "d");
    EXPECT_TRUE(o.share);
    EXPECT_EQ(o.queues, 2);
    EXPECT_EQ(o.window.bytes, 8192U);
    EXPECT_EQ(o.msi, OnOffAuto::on);
    EXPECT_EQ(o.forwards, std::vector<std::string>{"x"});
}

TEST(Options, KeysWithoutValuesAreSwitches) {
    EXPECT_TRUE(read("share=off,share").share);
    EXPECT_FALSE(read("share=on,noshare").share);
}

TEST(Options, DotsNestAndNumbersMakeLists) {
    const Result<Json> object = parse_options("driver=raw,file.driver=file,file.filename=a,list.0=x,list.1=y");
    ASSERT_TRUE(object);
    EXPECT_EQ(*object, Json::parse(R"({"driver":"raw","file":{"driver":"file","filename":"a"},"list":["x","y"]})"));
    EXPECT_FALSE(parse_options("file=a,file.driver=b"));
    EXPECT_FALSE(parse_options("file.driver=b,file=a"));
    EXPECT_FALSE(parse_options(".=b"));
    EXPECT_FALSE(parse_options("a..b=c"));
}

TEST(Options, MistakesAreNamed) {
    EXPECT_NE(error_of("drvie=x").find("thing has no option 'drvie' (did you mean 'drive'?)"), std::string::npos);
    EXPECT_NE(error_of("queues=70000").find("thing: queues: '70000' is not a number from 0 to 65535"),
              std::string::npos);
    EXPECT_NE(error_of("queues=-1").find("is not a number"), std::string::npos);
    EXPECT_NE(error_of("share=perhaps").find("'perhaps' is not on or off"), std::string::npos);
    EXPECT_NE(error_of("colour=gren").find("one of red, green (did you mean 'green'?)"), std::string::npos);
    EXPECT_NE(error_of("mac=1:2").find("is not an address"), std::string::npos);
    EXPECT_NE(error_of("mac=02:00:00:00:00:0g").find("is not an address"), std::string::npos);
    EXPECT_NE(error_of("{\"queues\":1.5}").find("is not a number"), std::string::npos);
    EXPECT_NE(error_of("{\"queues\":").find("not JSON at byte"), std::string::npos);
    EXPECT_NE(error_of("{\"bootindex\":18446744073709551615}").find("is not a number"), std::string::npos);
}

TEST(Options, DeepJsonIsRefused) {
    const std::string deep = "{\"drive\":" + std::string(100000, '[') + std::string(100000, ']') + "}";
    EXPECT_NE(error_of(deep).find("nested deeper"), std::string::npos);
}

TEST(Options, DescribesAndWrites) {
    const std::vector<OptionDescription> list = describe_options<Options>();
    ASSERT_EQ(list.size(), 10U);
    EXPECT_EQ(list[1].type, "bool");
    EXPECT_EQ(list[1].default_value, "off");
    EXPECT_EQ(list[2].type, "uint16");
    EXPECT_EQ(list[3].type, "int32");
    EXPECT_EQ(list[4].type, "size");
    EXPECT_EQ(list[5].type, "OnOffAuto");
    EXPECT_EQ(list[7].type, "Colour");
    EXPECT_EQ(list[8].type, "uint32");
    EXPECT_EQ(list[8].default_value, "");
    Options options;
    const Json written = write_options(options);
    EXPECT_EQ(written["queues"], 1);
    EXPECT_EQ(written["colour"], "red");
    Options again;
    again.queues = 9;
    EXPECT_TRUE(read_options("thing", written, again));
    EXPECT_EQ(again.queues, 1);
}

}  // namespace
}  // namespace kelvin::state
