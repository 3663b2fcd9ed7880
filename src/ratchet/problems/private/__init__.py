"""The private libraries of MonkeyEval and BeatNumEval: pandas and numpy, with other names.

Zan et al. 2022 ("When Language Model Meets Private Library") renamed words of two public
libraries, so that no model has seen them; only the names, the prompts and the documentation of
some of their functions are published (microsoft/PyCodeGPT, apicoder/private-eval, MIT).

    keywords    the tables of names, and the authors' rule by which they are put back
    alignment   the tests, in the words of the private prompts
    shim        modules `monkey` and `beatnum` that run, for the judged program (`inside`: what runs there)
    documents   the documentation, as entries of a search index
    faults      problems and solutions that cannot pass, and why
    loading     the benchmarks that are made of all this
"""
