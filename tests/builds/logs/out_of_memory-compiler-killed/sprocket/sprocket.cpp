#include <algorithm>
#include <map>
#include <regex>
#include <string>
static std::map<std::string, std::string> names;
int main_() { std::regex r("a|b"); return names.size(); }
