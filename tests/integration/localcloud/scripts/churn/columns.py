FEATURES = ["tenure", "charges"]
TARGET = "churned"
